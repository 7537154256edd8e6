//! The last lines of several logs.

use std::io;

use crate::{
    line::{filter::LineFilter, log_line::UnfinishedLine},
    source::log_input::LogInput,
};

/// What is known of a tail before it is read.
#[derive(Debug, Default)]
pub(super) struct TailStart {
    /// How many lines are too many.
    pub(super) skip: u64,
    /// How many lines the tail has.
    pub(super) lines: u64,
    /// There are as many lines as are wanted.
    pub(super) begins_whole: bool,
    /// Unfinished lines before the tail, and the log of each.
    pub(super) old_unfinished: Vec<(usize, UnfinishedLine)>,
}

/// Shortens each log to the end that holds its last `wanted` lines. Of a log that is followed the
/// unfinished lines are the last ones: the tail may end with them, but they are not given out
/// before it.
pub(super) fn shorten(
    inputs: &mut [LogInput],
    filter: &LineFilter,
    wanted: u64,
) -> io::Result<TailStart> {
    let (mut finished, mut unfinished) = (0_u64, Vec::new());
    for (log, input) in inputs.iter_mut().enumerate() {
        let count = input.shorten(filter, wanted)?;
        finished += count.finished;
        unfinished.extend(count.unfinished.into_iter().map(|line| (log, line)));
    }
    unfinished.sort_by_cached_key(|(_, line)| line.time.instant());
    let (found, wanted_finished) =
        (finished + unfinished.len() as u64, wanted.saturating_sub(unfinished.len() as u64));
    let old = usize::try_from(wanted).unwrap_or(usize::MAX);
    unfinished.truncate(unfinished.len().saturating_sub(old));
    Ok(TailStart {
        skip: finished.saturating_sub(wanted_finished),
        lines: found.min(wanted),
        begins_whole: found >= wanted,
        old_unfinished: unfinished,
    })
}
