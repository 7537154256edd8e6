//! Where the last lines of a file begin, found from its end.

use std::io;

use super::{
    logical::{JOIN_GAP_BYTES, LogicalLines},
    physical::FileRange,
    query::LineFilter,
};

/// The part of a file that holds the lines asked for, and how many lines too many.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) range: FileRange,
    /// How many lines of the range pass the filter.
    pub(crate) lines: u64,
}

/// The least that is looked at besides what it takes to be certain, in bytes.
const MIN_WINDOW_BYTES: u64 = 16 * 1024;
/// A guess at a line's length in the file, in bytes.
const USUAL_LINE_BYTES: u64 = 200;

/// Finds a part of the range, up to its end, with at least `wanted` lines that pass the filter; or
/// all of it.
///
/// Looks at parts that grow fourfold: so the reading of all of them is at most a third more than
/// that of the last one, whatever the file's size.
pub(crate) fn find(range: &FileRange, filter: &LineFilter, wanted: u64) -> io::Result<Tail> {
    let length = range.bytes.end - range.bytes.start;
    let guess = wanted
        .saturating_mul(USUAL_LINE_BYTES)
        .max(MIN_WINDOW_BYTES);
    let mut window = guess.saturating_add(JOIN_GAP_BYTES);
    loop {
        let start = range.bytes.end - window.min(length);
        let part = FileRange {
            file: range.file.clone(),
            bytes: start..range.bytes.end,
        };
        let count = count(part.clone(), filter)?;
        if count.certain >= wanted || start == range.bytes.start {
            return Ok(Tail {
                range: part,
                lines: count.all,
            });
        }
        window = window.saturating_mul(4);
    }
}

struct Count {
    all: u64,
    /// Those at the end among which no line of the file is missing.
    certain: u64,
}

fn count(range: FileRange, filter: &LineFilter) -> io::Result<Count> {
    let mut lines = LogicalLines::new(range, filter.stream)?;
    let mut count = Count { all: 0, certain: 0 };
    let mut dropped = 0;
    loop {
        let found = lines.advance()?;
        if lines.dropped() > dropped {
            dropped = lines.dropped();
            count.certain = 0;
        }
        if !found {
            return Ok(count);
        }
        if lines.line().is_some_and(|line| filter.passes(&line.time)) {
            count.all += 1;
            count.certain += u64::from(lines.has_seen_all());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::{format::Stream, logical::tests::collect, physical::tests::range_of};

    /// The last lines by the definition: all lines, and of them the last.
    fn slow_tail(
        content: &[u8],
        stream: Option<Stream>,
        wanted: usize,
    ) -> Vec<(String, String, bool)> {
        let mut all = collect(LogicalLines::new(range_of(content, 0), stream).unwrap());
        all.split_off(all.len().saturating_sub(wanted))
    }

    fn tail(content: &[u8], stream: Option<Stream>, wanted: usize) -> Vec<(String, String, bool)> {
        let filter = LineFilter {
            stream,
            ..LineFilter::default()
        };
        let found = find(&range_of(content, 0), &filter, wanted as u64).unwrap();
        let lines = collect(LogicalLines::new(found.range, stream).unwrap());
        assert_eq!(lines.len() as u64, found.lines);
        lines[lines.len().saturating_sub(wanted)..].to_vec()
    }

    #[test]
    fn the_last_lines_of_a_long_file_are_found_without_reading_it() {
        let content: String = (0..200_000)
            .map(|i| format!("2026-11-01T10:00:00Z stdout F line {i}\n"))
            .collect();
        let range = range_of(content.as_bytes(), 0);
        let found = find(&range, &LineFilter::default(), 10).unwrap();
        assert!(
            found.range.bytes.end - found.range.bytes.start <= JOIN_GAP_BYTES + MIN_WINDOW_BYTES
        );
        assert_eq!(
            tail(content.as_bytes(), None, 3),
            slow_tail(content.as_bytes(), None, 3)
        );
    }

    #[test]
    fn a_rare_stream_is_looked_for_further_back() {
        let mut content = String::from("2026-11-01T10:00:01Z stderr P begin \n");
        for i in 0..20_000 {
            content += &format!("2026-11-01T10:00:02Z stdout F line {i}\n");
        }
        content += "2026-11-01T10:00:03Z stderr F end\n";
        for wanted in [1, 2, 100] {
            let content = content.as_bytes();
            assert_eq!(
                tail(content, None, wanted),
                slow_tail(content, None, wanted)
            );
            let stderr = Some(Stream::Stderr);
            assert_eq!(
                tail(content, stderr, wanted),
                slow_tail(content, stderr, wanted)
            );
        }
    }

    fn program() -> impl Strategy<Value = String> {
        let line = (
            prop_oneof![4 => Just("stdout"), 1 => Just("stderr")],
            prop_oneof![3 => Just("F"), 1 => Just("P")],
            prop_oneof![5 => 0_usize..60, 1 => 0_usize..20_000],
            prop_oneof![9 => Just(true), 1 => Just(false)],
        )
            .prop_map(|(stream, tag, length, valid)| {
                let time = if valid {
                    "2026-11-01T10:00:00Z"
                } else {
                    "never"
                };
                format!("{time} {stream} {tag} {}\n", "x".repeat(length))
            });
        (prop::collection::vec(line, 0..120), 0_usize..40).prop_map(|(lines, cut)| {
            let mut content = lines.concat().into_bytes();
            content.truncate(content.len().saturating_sub(cut));
            String::from_utf8(content).unwrap()
        })
    }

    proptest! {
        #[test]
        fn the_tail_is_the_end_of_the_whole(
            content in program(),
            wanted in 0_usize..50,
            stream in prop_oneof![Just(None), Just(Some(Stream::Stdout)), Just(Some(Stream::Stderr))],
        ) {
            let content = content.as_bytes();
            prop_assert_eq!(tail(content, stream, wanted), slow_tail(content, stream, wanted));
        }
    }
}
