//! Where the last lines of a log begin, found from its end.

use std::io;

use super::{
    logical::{JOIN_GAP_BYTES, LogicalLines},
    physical_line::Advance,
};
use crate::{
    line::{
        filter::{LineFilter, judgement::JudgedLines},
        log_line::{LineCount, UnfinishedLine},
    },
    search::block_search::BlockSearch,
    source::files::storage::chain::FileChain,
};

/// The end of a log.
#[derive(Debug)]
pub(crate) struct LogTail {
    pub(crate) chain: FileChain,
    /// The lines of the chain that pass the filter.
    pub(crate) count: LineCount,
}

/// The least that is looked at besides what it takes to be certain, in bytes.
const MIN_WINDOW_BYTES: u64 = 16 * 1024;
/// A guess at a line's length in the file, in bytes.
const USUAL_LINE_BYTES: u64 = 200;

/// Finds an end of the chain with at least `wanted` lines that pass the filter; or all of it.
///
/// Looks at ends that grow fourfold: so the reading of all of them is at most a third more than
/// that of the last one, whatever the log's size.
pub(crate) fn find(chain: &FileChain, filter: &LineFilter, wanted: u64) -> io::Result<LogTail> {
    let guess = wanted.saturating_mul(USUAL_LINE_BYTES).max(MIN_WINDOW_BYTES);
    let mut window = guess.saturating_add(JOIN_GAP_BYTES);
    loop {
        let end = chain.last(window);
        let CertainCount { all, certain, lines_before, unfinished } = count(&end, filter)?;
        let context = filter.context() as u64;
        // Those before are lines as well.
        let more = if lines_before < context { context } else { 0 };
        let is_enough = certain.is_some_and(|certain| certain >= wanted.saturating_add(more));
        if is_enough || end.is_as_long_as(chain) {
            return Ok(LogTail { chain: end, count: LineCount { finished: all, unfinished } });
        }
        window = window.saturating_mul(4);
    }
}

struct CertainCount {
    all: u64,
    /// Those at the end among which no line of the file is missing, unfinished ones included.
    /// `None` if it is not known what is open there.
    certain: Option<u64>,
    /// Lines right before these that do not pass by their content.
    lines_before: u64,
    unfinished: Vec<UnfinishedLine>,
}

fn count(chain: &FileChain, filter: &LineFilter) -> io::Result<CertainCount> {
    let mut lines = LogicalLines::new(chain, filter.stream)?.searching(BlockSearch::of(filter));
    let (mut all, mut certain, mut lines_before, mut dropped) = (0, 0, 0, 0);
    let mut judged = JudgedLines::default();
    let passes_everything = filter.passes_everything();
    loop {
        if passes_everything && lines.has_seen_all() {
            let usual = lines.pass_over_usual_lines();
            (all, certain) = (all + usual, certain + usual);
        }
        let advance = lines.advance()?;
        if lines.dropped() > dropped {
            dropped = lines.dropped();
            (certain, lines_before) = (0, 0);
        }
        match advance {
            Advance::Line => {}
            Advance::Lost => continue,
            Advance::Pending => break,
            Advance::End => {
                let (certain, unfinished) = (Some(certain), Vec::new());
                return Ok(CertainCount { all, certain, lines_before, unfinished });
            }
        }
        let Some(line) = lines.line() else { continue };
        let passes = filter.judge(&line, &mut judged)?;
        if filter.level.is_some() && !judged.levels().is_known(line.stream) {
            // It continues a line before the chain.
            (certain, lines_before) = (0, 0);
        }
        if !passes && certain == 0 && lines.has_seen_all() && filter.is_in_time(&line.time) {
            lines_before += 1;
        }
        // Of a line in parts the first one counts.
        if passes && !line.is_continuation {
            all += 1;
            certain += u64::from(lines.has_seen_all());
        }
    }
    // The content of a line that is not finished cannot be judged: it may pass later.
    let may_pass =
        |line: &UnfinishedLine| !filter.chooses_by_content() && filter.is_in_time(&line.time);
    let unfinished: Vec<_> = lines.unfinished_lines().filter(may_pass).collect();
    let certain = lines.knows_what_is_open().then_some(certain + unfinished.len() as u64);
    Ok(CertainCount { all, certain, lines_before, unfinished })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        line::stream::OutputStream,
        source::files::lines::{
            logical::tests::collect_whole,
            physical::tests::{chain_of, file},
        },
    };

    /// The last lines by the definition: all lines, and of them the last.
    fn slow_tail(
        chain: &FileChain,
        stream: Option<OutputStream>,
        wanted: usize,
    ) -> Vec<(String, bool)> {
        let mut all = collect_whole(LogicalLines::new(chain, stream).unwrap());
        all.split_off(all.len().saturating_sub(wanted))
    }

    fn tail(chain: &FileChain, stream: Option<OutputStream>, wanted: usize) -> Vec<(String, bool)> {
        let filter = LineFilter { stream, ..LineFilter::default() };
        let found = find(chain, &filter, wanted as u64).unwrap();
        let lines = collect_whole(LogicalLines::new(&found.chain, stream).unwrap());
        assert_eq!(lines.len() as u64, found.count.finished);
        lines[lines.len().saturating_sub(wanted)..].to_vec()
    }

    #[test]
    fn the_last_lines_of_a_long_file_are_found_without_reading_it() {
        let content: String =
            (0..200_000).map(|i| format!("2026-11-01T10:00:00Z stdout F line {i}\n")).collect();
        let chain = chain_of(content.as_bytes(), 0);
        let found = find(&chain, &LineFilter::default(), 10).unwrap();
        assert!(found.chain.cost().stored_bytes <= JOIN_GAP_BYTES + MIN_WINDOW_BYTES);
        assert_eq!(tail(&chain, None, 3), slow_tail(&chain, None, 3));
    }

    #[test]
    fn a_rare_stream_is_looked_for_further_back() {
        let mut content = String::from("2026-11-01T10:00:01Z stderr P begin \n");
        for i in 0..20_000 {
            content += &format!("2026-11-01T10:00:02Z stdout F line {i}\n");
        }
        content += "2026-11-01T10:00:03Z stderr F end\n";
        for wanted in [1, 2, 100] {
            let chain = chain_of(content.as_bytes(), 0);
            assert_eq!(tail(&chain, None, wanted), slow_tail(&chain, None, wanted));
            let stderr = Some(OutputStream::Stderr);
            assert_eq!(tail(&chain, stderr, wanted), slow_tail(&chain, stderr, wanted));
        }
    }

    fn lines() -> impl Strategy<Value = Vec<String>> {
        let line = (
            prop_oneof![4 => Just("stdout"), 1 => Just("stderr")],
            prop_oneof![3 => Just("F"), 1 => Just("P")],
            // Some are longer than the buffer, and a few of these make a line in parts.
            prop_oneof![60 => 0_usize..60, 12 => 0_usize..20_000, 1 => 250_000_usize..600_000],
            prop_oneof![9 => Just(true), 1 => Just(false)],
            prop_oneof![30 => Just(0), 1 => 1_usize..10, 1 => 1_usize..300_000],
        )
            .prop_map(|(stream, tag, length, valid, nuls)| {
                let time = if valid { "2026-11-01T10:00:00.000000000Z" } else { "never" };
                format!("{}{time} {stream} {tag} {}\n", "\0".repeat(nuls), "x".repeat(length))
            });
        prop::collection::vec(line, 0..120)
    }

    /// Lines in files, some of them compressed; the last one may end in the middle of a line.
    pub(crate) fn log() -> impl Strategy<Value = FileChain> {
        let place = (0_usize..120, any::<bool>(), prop_oneof![4 => Just(0), 1 => Just(1)]);
        (lines(), prop::collection::vec(place, 0..4), 0_usize..40).prop_map(
            |(lines, mut cuts, torn)| {
                cuts.sort_unstable();
                let (mut files, mut written, mut run) = (Vec::new(), 0, 0);
                for (cut, compressed, new_run) in cuts {
                    let cut = cut.min(lines.len());
                    let content = lines[written..cut].concat();
                    files.push(file(content.as_bytes(), compressed, run));
                    written = cut;
                    run += new_run;
                }
                let last = lines[written..].concat();
                let torn = last.len().saturating_sub(torn);
                files.push(file(&last.as_bytes()[..torn], false, run));
                FileChain::whole(files)
            },
        )
    }

    proptest! {
        #[test]
        fn the_tail_is_the_end_of_the_whole(
            log in log(),
            wanted in 0_usize..50,
            stream in prop_oneof![Just(None), Just(Some(OutputStream::Stdout)), Just(Some(OutputStream::Stderr))],
        ) {
            prop_assert_eq!(tail(&log, stream, wanted), slow_tail(&log, stream, wanted));
        }
    }
}
