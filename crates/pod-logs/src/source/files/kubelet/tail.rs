//! Where the last lines begin, found from the end as the kubelet counts them: as they stand in the
//! file, whatever they are. Where one stream is wanted its lines count.

use std::{io, sync::Arc};

use crate::{
    line::stream::OutputStream,
    source::files::{
        format::entry::LogEntry,
        lines::{
            physical_line::{Advance, PhysicalEnd, PhysicalLine},
            whole_lines::WholeLines,
        },
        storage::chain::FileChain,
    },
};

/// What is looked at first, in bytes.
const MIN_WINDOW_BYTES: u64 = 16 * 1024;
/// A guess at a line's length in the file, in bytes.
const USUAL_LINE_BYTES: u64 = 200;

/// The end of the chain that has `wanted` finished lines. A last line without its newline does not
/// count, and is there too.
///
/// Looks at ends that grow fourfold, so that what is read is in proportion to the answer, and not
/// to the log.
pub(crate) fn find(
    chain: &FileChain,
    wanted: u64,
    only: Option<OutputStream>,
) -> io::Result<FileChain> {
    let mut window = wanted.saturating_mul(USUAL_LINE_BYTES).max(MIN_WINDOW_BYTES);
    loop {
        let end = chain.last(window);
        let there = count(&end, only)?;
        // One more: even for no line at all it must be known where the last one ends.
        if there > wanted || end.is_as_long_as(chain) {
            return without_first(&end, there.saturating_sub(wanted), only);
        }
        window = window.saturating_mul(4);
    }
}

fn count(chain: &FileChain, only: Option<OutputStream>) -> io::Result<u64> {
    let mut lines = WholeLines::new(chain)?;
    let mut counter = LineCounter::new(only);
    let mut count = 0;
    loop {
        match lines.advance()? {
            Advance::Line => count += u64::from(counter.is_end_of_counted(&lines.line())),
            Advance::Lost => {}
            Advance::Pending | Advance::End => return Ok(count),
        }
    }
}

/// The chain from the first line on that counts behind so many others.
fn without_first(
    chain: &FileChain,
    lines_less: u64,
    only: Option<OutputStream>,
) -> io::Result<FileChain> {
    let mut lines = WholeLines::new(chain)?;
    let mut counter = LineCounter::new(only);
    let mut left = lines_less;
    // Where the first line begins that may be given.
    let mut start = lines.physical().next_position();
    loop {
        match lines.advance()? {
            Advance::Line => {}
            Advance::Lost => continue,
            Advance::Pending | Advance::End => break,
        }
        let line = lines.line();
        let counts = counter.is_end_of_counted(&line);
        if left == 0 && counter.counts {
            start = line.position;
            break;
        }
        left -= u64::from(counts);
        if line.end != PhysicalEnd::Continued {
            start = lines.physical().next_position();
        }
    }
    let Some(place) = lines.physical().place_of(start) else {
        return Ok(FileChain::whole(Vec::new()));
    };
    let index = chain.files.iter().position(|file| Arc::ptr_eq(file, &place.file)).unwrap_or(0);
    Ok(FileChain {
        files: chain.files[index..].to_vec(),
        start: place.offset,
        starts_clean: true,
        until: None,
        earlier: chain.before_file(index),
        is_masked: chain.is_masked,
    })
}

/// Tells which lines count.
struct LineCounter {
    only: Option<OutputStream>,
    /// The present line does.
    counts: bool,
}

impl LineCounter {
    fn new(only: Option<OutputStream>) -> Self {
        Self { only, counts: false }
    }

    fn is_end_of_counted(&mut self, line: &PhysicalLine<'_>) -> bool {
        if !line.is_continuation {
            self.counts = self.only.is_none_or(|only| {
                LogEntry::parse(line.bytes).is_some_and(|entry| entry.stream == only)
            });
        }
        self.counts && line.end == PhysicalEnd::Newline
    }
}
