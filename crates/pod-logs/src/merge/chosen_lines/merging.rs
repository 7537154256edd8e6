//! The next line of several logs.

use std::io;

use chrono::{DateTime, Utc};

use super::{ChosenLines, FindNext};
use crate::merge::{
    chosen_log::LogState,
    merge_order::MergeOrder,
    merge_step::{Gap, MergeStep},
};

impl ChosenLines {
    /// Looks for the next lines of logs that have none, and takes the earliest of all.
    pub(super) fn advance_merged(&mut self, find_next: FindNext) -> io::Result<MergeStep> {
        if let Some(step) = self.next_notice() {
            return Ok(step);
        }
        self.settle_line(true);
        let present = self.present.take();
        let Some(order) = &mut self.order else {
            return Ok(MergeStep::End);
        };
        if let Some(last) = present {
            self.logs[last].state = LogState::Unknown;
            order.read_on(last);
        }
        order.begin_round();
        self.read_on(find_next)?;
        if let Some(step) = self.next_ended() {
            return Ok(step);
        }
        let Some(order) = &mut self.order else {
            return Ok(MergeStep::End);
        };
        if order.is_reading() {
            return Ok(MergeStep::Reading);
        }
        if order.is_awaiting() {
            return Ok(MergeStep::Awaited);
        }
        match order.next() {
            Some(log) => Ok(self.take_gap(log).unwrap_or_else(|| self.present(log))),
            None if order.has_logs() => {
                order.end_round();
                Ok(MergeStep::Pending)
            }
            None => Ok(MergeStep::End),
        }
    }

    /// Looks for the next line of each log that has none and was not at its end in this round.
    fn read_on(&mut self, find_next: FindNext) -> io::Result<()> {
        let Some(order) = &mut self.order else {
            return Ok(());
        };
        let unread = order.take_unread();
        for &index in &unread {
            let log = &mut self.logs[index];
            log.note_place();
            let before = log.source.bytes_read();
            log.state = find_next(log, &self.filter, true)?;
            self.bytes_read += log.source.bytes_read() - before;
            match log.state {
                LogState::Line(Some(time)) => order.note_head(index, time, log.source.age()),
                LogState::Pending => {
                    log.pass_place();
                    match log.source.shows_lines_at_once() {
                        true => order.note_end(index),
                        false => order.note_silence(index),
                    }
                }
                LogState::End => {
                    log.pass_place();
                    self.ended.push_back(index);
                }
                LogState::Awaited => {
                    log.pass_place();
                    order.await_line(index);
                }
                LogState::Reading | LogState::Unknown | LogState::Line(None) => {
                    log.pass_place();
                    order.read_on(index);
                }
            }
        }
        order.reuse(unread);
        Ok(())
    }

    fn present(&mut self, index: usize) -> MergeStep {
        if let Some(order) = &mut self.order {
            order.take_next();
        }
        let log = &mut self.logs[index];
        let time = log.line().map(|line| line.time);
        (log.last_time, log.is_settled) = (time, false);
        let highest = log.last_given.max(time.map(|time| time.instant()));
        log.is_late = highest < self.watermark;
        self.present = Some(index);
        MergeStep::Line
    }

    /// The present line was given out, as a whole or not. The first answer counts.
    pub(crate) fn settle_line(&mut self, is_whole: bool) {
        let Some(log) = self.present.filter(|_| self.order.is_some()) else {
            return;
        };
        let log = &mut self.logs[log];
        if !log.is_settled {
            log.settle(is_whole);
            self.watermark = self.watermark.max(log.last_given);
        }
    }

    /// What is to be told before the next line: a log that is gone altogether, or a notice.
    fn next_notice(&mut self) -> Option<MergeStep> {
        if let Some(from) = self.many.as_mut().and_then(|many| many.lost.pop_front()) {
            return Some(MergeStep::Gap(Gap { log: None, from, to: None, bytes: None }));
        }
        (!self.notices.is_empty()).then_some(MergeStep::Notice)
    }

    /// What is to be told of logs that have ended.
    fn next_ended(&mut self) -> Option<MergeStep> {
        while let Some(&log) = self.ended.front() {
            if let Some(gap) = self.take_gap(log) {
                return Some(gap);
            }
            self.ended.pop_front();
            if let Some(failure) = self.logs[log].source.failure() {
                self.retire_failed(log, failure);
                return Some(MergeStep::Notice);
            }
            if self.follows {
                self.retire_ended(log);
                return Some(MergeStep::Notice);
            }
        }
        None
    }

    /// The instant before which every line was given, if that is known: of logs that are followed and
    /// have nothing more at present.
    pub(crate) fn given_until(&self) -> Option<DateTime<Utc>> {
        self.order.as_ref().filter(|_| self.follows)?.given_until()
    }

    /// Whether lines wait for lines of other logs: they are due soon, whether or not a log grows.
    pub(crate) fn holds_lines(&self) -> bool {
        self.order.as_ref().is_some_and(MergeOrder::holds_lines)
    }

    /// Whether lines of one of several logs are on their way, and come at once.
    pub(crate) fn awaits_lines(&self) -> bool {
        self.order.as_ref().is_some_and(MergeOrder::is_awaiting)
    }
}
