//! The chosen lines of one or several logs, in the order of their times.

mod checkpoint;
mod joining;
mod merging;
mod present_line;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, io};

use chrono::{DateTime, Utc};

use super::{
    chosen_log::{ChosenLog, LogState, LossBefore},
    many_logs::ManyLogs,
    merge_order::MergeOrder,
    merge_step::{Gap, LogNotice, MergeStep},
    tail::{TailStart, shorten},
};
use crate::{
    counts::ReadCounts,
    line::{
        filter::LineFilter,
        log_line::{LineEnding, LogLine},
        stream::OutputStream,
    },
    merge_clock::MergeClock,
    query::LogQuery,
    source::log_input::{LogInput, NewLogs},
};

/// Walks what a query chooses from several logs: [`advance`](Self::advance), then look at
/// [`line`](Self::line). The lines of one log stay in their order; between logs the earlier line
/// comes first, and of two at the same time that of the log named first.
#[derive(Debug)]
pub(crate) struct ChosenLines {
    logs: Vec<ChosenLog>,
    filter: LineFilter,
    /// The logs are followed.
    follows: bool,
    /// How many lines are still too many for the tail.
    skip: u64,
    /// How many lines the tail has, if one is asked for.
    tail_lines: Option<u64>,
    /// The first line to come is the first of a whole tail: nothing was lost of the tail before it.
    begins_whole: bool,
    /// Lines that were skipped as far as they came: their next parts are skipped as well.
    skipped: Vec<(usize, OutputStream)>,
    /// Which log the present line is in; `None` before the first and after the last.
    present: Option<usize>,
    /// How several logs are put in order. `None`: there is one, and there will be no other.
    order: Option<MergeOrder>,
    /// Logs that have ended, which is to be told.
    ended: VecDeque<usize>,
    /// What happened to logs, and was not told yet.
    notices: VecDeque<LogNotice>,
    /// Places among the logs that may be taken by others.
    free: Vec<usize>,
    /// The logs are new, and were not told of.
    has_untold_logs: bool,
    /// How often logs have come or gone.
    membership: u64,
    /// Finds logs that appear.
    new_logs: Option<NewLogs>,
    /// Lines are missing since a log was not given.
    is_incomplete: bool,
    /// What is known of the logs of many pods.
    many: Option<Box<ManyLogs>>,
    /// The greatest time of a line that was given out.
    watermark: Option<DateTime<Utc>>,
    /// How much was read from several logs, in bytes of their content.
    bytes_read: u64,
}

/// How a log looks for its next line.
type FindNext = fn(&mut ChosenLog, &LineFilter, bool) -> io::Result<LogState>;

impl ChosenLines {
    /// Ready to walk: the files were read as far as is needed to find where the walk begins.
    pub(crate) fn new(mut inputs: Vec<LogInput>, query: &LogQuery) -> io::Result<Self> {
        let TailStart { skip, lines, begins_whole, old_unfinished } = match query.tail {
            Some(wanted) => shorten(&mut inputs, &query.filter, wanted)?,
            None => TailStart::default(),
        };
        let open = |input| ChosenLog::new(input, &query.filter);
        let mut logs = inputs.into_iter().map(open).collect::<io::Result<Vec<_>>>()?;
        if logs.len() > 1 {
            logs.iter_mut().for_each(|log| log.source.read_little());
        }
        for (log, line) in old_unfinished {
            logs[log].source.hold_until(line.end);
        }
        let mut skip = skip;
        if let [ChosenLog { context: Some(context), .. }] = &mut logs[..] {
            // A line before the tail may be near one of it.
            context.skip = std::mem::take(&mut skip);
        }
        let is_merge = logs.len() != 1;
        let order = is_merge.then(|| MergeOrder::new(logs.len(), MergeClock::at_the_end_of_time()));
        Ok(Self {
            logs,
            filter: query.filter.clone(),
            follows: query.follow,
            skip,
            tail_lines: query.tail.map(|_| lines),
            begins_whole,
            skipped: Vec::new(),
            present: None,
            order,
            ended: VecDeque::new(),
            notices: VecDeque::new(),
            free: Vec::new(),
            has_untold_logs: true,
            membership: 0,
            new_logs: None,
            is_incomplete: false,
            many: None,
            watermark: None,
            bytes_read: 0,
        })
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
        if let Some(order) = &mut self.order {
            order.give_all();
        }
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

    fn advance_with(&mut self, find_next: FindNext) -> io::Result<MergeStep> {
        loop {
            let step = match &self.order {
                None => self.advance_only(find_next)?,
                Some(_) => self.advance_merged(find_next)?,
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

    /// Goes on in the only log. Most readings are of one log, and its lines are many.
    fn advance_only(&mut self, find_next: FindNext) -> io::Result<MergeStep> {
        let Some(log) = self.logs.first_mut() else {
            return Ok(MergeStep::End);
        };
        if self.present.take().is_some() || !matches!(log.state, LogState::Line(_)) {
            log.state = find_next(log, &self.filter, false)?;
        }
        let step = match log.state {
            LogState::Line(_) => MergeStep::Line,
            LogState::End => MergeStep::End,
            LogState::Reading => return Ok(MergeStep::Reading),
            LogState::Awaited => return Ok(MergeStep::Awaited),
            LogState::Unknown | LogState::Pending => return Ok(MergeStep::Pending),
        };
        if let Some(gap) = self.take_gap(0) {
            return Ok(gap);
        }
        if step == MergeStep::Line {
            let log = &mut self.logs[0];
            log.last_time = log.line().map(|line| line.time);
            self.present = Some(0);
        }
        Ok(step)
    }

    /// The gap before the next line of the log, if there is one.
    fn take_gap(&mut self, index: usize) -> Option<MergeStep> {
        let log = &mut self.logs[index];
        let LossBefore { from, bytes } = log.gap.take()?;
        let is_at_line = matches!(log.state, LogState::Line(_));
        let to = log.line().filter(|_| is_at_line).map(|line| line.time.instant());
        Some(MergeStep::Gap(Gap { log: Some(index), from, to, bytes }))
    }
}
