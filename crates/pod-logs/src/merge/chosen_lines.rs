//! The chosen lines of one or several logs, in the order of their times.

mod present_line;
#[cfg(test)]
mod tests;

use std::io;

use tokio::sync::watch;

use super::{
    chosen_log::{ChosenLog, LogState, LossBefore},
    merge_step::{Gap, MergeStep},
    tail::{TailStart, shorten},
};
use crate::{
    cost::ReadingCost,
    counts::ReadCounts,
    line::{
        filter::LineFilter,
        log_line::{LineEnding, LogLine},
        stream::OutputStream,
    },
    query::LogQuery,
    source::log_input::{LogInput, NewLogs},
};

/// Walks what a query chooses from several logs: [`advance`](Self::advance), then look at
/// [`line`](Self::line). The lines of one log stay in their order; between logs the earlier line
/// comes first, and of two at the same time that of the log named first. A log in which nothing
/// happens holds up no other.
#[derive(Debug)]
pub(crate) struct ChosenLines {
    logs: Vec<ChosenLog>,
    filter: LineFilter,
    /// How many lines are still too many for the tail.
    skip: u64,
    /// The first line to come is the first of a whole tail: nothing was lost of the tail before it.
    begins_whole: bool,
    /// Lines that were skipped as far as they came: their next parts are skipped as well.
    skipped: Vec<(usize, OutputStream)>,
    /// Which log the present line is in; `None` before the first and after the last.
    present: Option<usize>,
    /// Finds containers that appear, when all of a pod's containers are followed.
    new_logs: Option<NewLogs>,
}

impl ChosenLines {
    /// Ready to walk: the files were read as far as is needed to find where the walk begins.
    pub(crate) fn new(mut inputs: Vec<LogInput>, query: &LogQuery) -> io::Result<Self> {
        let TailStart { skip, begins_whole, old_unfinished } = match query.tail {
            Some(wanted) => shorten(&mut inputs, &query.filter, wanted)?,
            None => TailStart::default(),
        };
        let open = |input| ChosenLog::new(input, &query.filter);
        let mut logs = inputs.into_iter().map(open).collect::<io::Result<Vec<_>>>()?;
        for (log, line) in old_unfinished {
            logs[log].source.hold_until(line.end);
        }
        let mut skip = skip;
        if let [ChosenLog { context: Some(context), .. }] = &mut logs[..] {
            // A line before the tail may be near one of it.
            context.skip = std::mem::take(&mut skip);
        }
        Ok(Self {
            logs,
            filter: query.filter.clone(),
            skip,
            begins_whole,
            skipped: Vec::new(),
            present: None,
            new_logs: None,
        })
    }

    /// Takes in the logs of containers that appear from now on.
    pub(crate) fn joined_by(mut self, new_logs: Option<NewLogs>) -> Self {
        self.new_logs = new_logs;
        self
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<MergeStep> {
        self.advance_with(ChosenLog::find_next)
    }

    /// Goes to the next line, and takes for one what is not finished: nothing came for a while.
    pub(crate) fn advance_unfinished(&mut self) -> io::Result<MergeStep> {
        self.advance_with(ChosenLog::find_next_unfinished)
    }

    /// Says that nothing more is read, though the logs go on.
    pub(crate) fn cut_off(&mut self) {
        self.logs.iter_mut().for_each(|log| log.source.cut_off());
    }

    /// Appends the text of lines that come next, newlines included, up to about so many bytes;
    /// maybe none. There is no present line then. Only to be called if the filter passes
    /// everything. How much was appended is the answer.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) -> ReadCounts {
        if let [log] = &mut self.logs[..]
            // What was found has been given out.
            && self.present.is_some()
            && self.skip == 0
        {
            return log.source.strip(max_bytes, out);
        }
        ReadCounts::default()
    }

    /// The changes of each log that is followed.
    pub(crate) fn changes(&self) -> Vec<watch::Receiver<u64>> {
        self.logs.iter().filter_map(|log| log.source.changes()).collect()
    }

    /// Which lines are chosen.
    pub(crate) fn filter(&self) -> &LineFilter {
        &self.filter
    }

    /// How many logs there are. It grows when containers appear.
    pub(crate) fn log_count(&self) -> usize {
        self.logs.len()
    }

    /// Whether logs of containers that appear are taken in.
    pub(crate) fn is_joined(&self) -> bool {
        self.new_logs.is_some()
    }

    /// How much has been read from the files, in bytes of their content.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.logs.iter().map(|log| log.source.bytes_read()).sum()
    }

    /// What it takes to read the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.logs.iter().map(|log| log.source.cost_ahead()).sum()
    }

    fn advance_with(
        &mut self,
        find_next: fn(&mut ChosenLog, &LineFilter, bool) -> io::Result<LogState>,
    ) -> io::Result<MergeStep> {
        loop {
            let step = match &mut self.logs[..] {
                // Most readings are of one log, and its lines are many.
                [log] => {
                    if self.present.take().is_some() || !matches!(log.state, LogState::Line(_)) {
                        log.state = find_next(log, &self.filter, false)?;
                    }
                    match log.state {
                        LogState::Line(_) | LogState::End => self.present(0),
                        LogState::Reading => MergeStep::Reading,
                        LogState::Unknown | LogState::Pending => MergeStep::Pending,
                    }
                }
                _ => self.advance_earliest(find_next)?,
            };
            if let MergeStep::Gap(gap) = step
                && (gap.bytes.is_some() || self.logs.iter().any(|log| log.source.has_advanced()))
            {
                // A file was let go: how many lines of the tail are left is not known.
                (self.skip, self.begins_whole) = (0, false);
                let contexts = self.logs.iter_mut().filter_map(|log| log.context.as_mut());
                contexts.for_each(|context| context.skip = 0);
            }
            match step {
                MergeStep::Line if self.skips_line() => {}
                MergeStep::Gap(_) if self.begins_whole => {}
                MergeStep::Pending | MergeStep::End if self.new_logs.is_some() => {
                    if let Some(step) = self.take_new_logs(step)? {
                        return Ok(step);
                    }
                }
                step => {
                    self.begins_whole &= step != MergeStep::Line;
                    return Ok(step);
                }
            }
        }
    }

    /// Whether the present line comes before the tail.
    fn skips_line(&mut self) -> bool {
        if self.skip == 0 && self.skipped.is_empty() {
            return false;
        }
        if self.is_context() {
            return self.skip > 0;
        }
        let (Some(log), Some(line)) = (self.present, self.line()) else {
            return false;
        };
        let LogLine { stream, is_continuation, ending, .. } = line;
        let open = self.skipped.iter().position(|skipped| *skipped == (log, stream));
        let is_skipped = if is_continuation { open.is_some() } else { self.skip > 0 };
        if let Some(open) = open {
            self.skipped.swap_remove(open);
        }
        if is_skipped {
            self.skip -= u64::from(!is_continuation);
            self.skipped.extend((ending != LineEnding::Newline).then_some((log, stream)));
        }
        is_skipped
    }

    /// What comes of `step` now that there is nothing to read: `None` if new logs joined.
    fn take_new_logs(&mut self, step: MergeStep) -> io::Result<Option<MergeStep>> {
        let Some(new_logs) = &mut self.new_logs else {
            return Ok(Some(step));
        };
        let Some(inputs) = new_logs.take() else {
            self.new_logs = None;
            return Ok(Some(step));
        };
        if inputs.is_empty() {
            return Ok(Some(MergeStep::Pending));
        }
        for input in inputs {
            self.logs.push(ChosenLog::new(input, &self.filter)?);
        }
        Ok(None)
    }

    /// Looks for the next line of each log, and takes the earliest of those there are.
    fn advance_earliest(
        &mut self,
        find_next: fn(&mut ChosenLog, &LineFilter, bool) -> io::Result<LogState>,
    ) -> io::Result<MergeStep> {
        if let Some(last) = self.present.take() {
            self.logs[last].state = LogState::Unknown;
        }
        for log in &mut self.logs {
            if matches!(log.state, LogState::Unknown | LogState::Reading | LogState::Pending) {
                log.before_next = log.here();
                log.state = find_next(log, &self.filter, true)?;
            }
        }
        if self.logs.iter().any(|log| log.state == LogState::Reading) {
            return Ok(MergeStep::Reading);
        }
        let lines = self.logs.iter().enumerate().filter_map(|(index, log)| match log.state {
            LogState::Line(time) => Some((time, index)),
            _ => None,
        });
        let lost_its_end = |log: &ChosenLog| log.state == LogState::End && log.gap.is_some();
        let earliest = lines.min().map(|(_, index)| index);
        Ok(match earliest.or_else(|| self.logs.iter().position(lost_its_end)) {
            Some(index) => self.present(index),
            None if self.logs.iter().any(|log| log.state == LogState::Pending) => {
                MergeStep::Pending
            }
            None => MergeStep::End,
        })
    }

    /// Presents the line that the log has, or that it has ended; or first the gap before that.
    fn present(&mut self, index: usize) -> MergeStep {
        let log = &mut self.logs[index];
        let time = log.line().map(|line| line.time);
        if let Some(LossBefore { from, bytes }) = log.gap.take() {
            return MergeStep::Gap(Gap { log: index, from, to: time, bytes });
        }
        if log.state == LogState::End {
            return MergeStep::End;
        }
        log.last_time = time;
        log.before_next = None;
        self.present = Some(index);
        MergeStep::Line
    }
}
