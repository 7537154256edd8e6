//! Logs that come and go while others are read.

use std::{io, mem, sync::Arc};

use chrono::{DateTime, Utc};

use super::ChosenLines;
use crate::{
    line::{log_line::LineCount, target::LogName},
    merge::{
        chosen_log::ChosenLog,
        many_logs::ManyLogs,
        merge_order::MergeOrder,
        merge_step::{LogNotice, MergeStep, NoticeKind, RunNews},
    },
    merge_clock::MergeClock,
    query::LogQuery,
    source::{
        files::locate::selected_logs::FailedLog,
        known_logs::{Membership, PodPredicate},
        kubernetes::feed::piece::FailureKind,
        log_input::{FoundNewLogs, LogStart, ManyInput, NewLogs},
    },
};

impl ChosenLines {
    /// Logs of many pods, each of which begins in its own way. The watermark is the greatest time of
    /// a line that was given before.
    pub(crate) fn of_many(
        inputs: Vec<ManyInput>,
        many: ManyLogs,
        watermark: Option<DateTime<Utc>>,
        query: &LogQuery,
    ) -> io::Result<Self> {
        let is_at_end = |input: &ManyInput| matches!(input.start, LogStart::AtEnd);
        let (joining, begun): (Vec<_>, Vec<_>) = inputs.into_iter().partition(is_at_end);
        let (mut logs, mut starts) = (Vec::new(), Vec::new());
        for ManyInput { input, key, start } in begun {
            logs.push(input);
            starts.push((key, start));
        }
        let mut lines = Self::new(logs, query)?;
        (lines.many, lines.watermark) = (Some(Box::new(many)), watermark);
        lines.merge();
        for (log, (key, start)) in lines.logs.iter_mut().zip(starts) {
            log.key = key;
            log.begin(start, &LineCount::default());
        }
        joining.into_iter().try_for_each(|input| lines.join(input))?;
        Ok(lines)
    }

    /// Takes in logs that appear from now on.
    pub(crate) fn joined_by(mut self, new_logs: Option<NewLogs>) -> Self {
        self.new_logs = new_logs;
        if self.new_logs.is_some() {
            self.merge();
        }
        self
    }

    /// Takes the time from this clock.
    pub(crate) fn timed_by(mut self, clock: MergeClock) -> Self {
        if let Some(order) = self.order.as_mut().filter(|_| self.follows) {
            order.set_clock(clock);
        }
        self
    }

    /// Puts the logs in order, even if there is only one.
    fn merge(&mut self) {
        let clock = MergeClock::at_the_end_of_time;
        self.order.get_or_insert_with(|| MergeOrder::new(self.logs.len(), clock()));
    }

    /// What comes of `step` now that there is nothing to read: `None` if there is something new.
    pub(super) fn take_new_logs(&mut self, step: MergeStep) -> io::Result<Option<MergeStep>> {
        let open = self.logs.len() - self.free.len();
        let Some(new_logs) = &mut self.new_logs else {
            return Ok(Some(step));
        };
        let Some(found) = new_logs.take(self.many.as_mut().map(|many| {
            let room = many.max_logs.saturating_sub(open);
            (&mut many.known, room)
        })) else {
            self.new_logs = None;
            return Ok(Some(step));
        };
        let FoundNewLogs { logs, skipped } = found;
        if logs.is_empty() && skipped.is_empty() {
            return Ok(Some(if new_logs.is_refused() { step } else { MergeStep::Pending }));
        }
        skipped.into_iter().for_each(|name| self.skip_log(name));
        logs.into_iter().try_for_each(|input| self.join(input))?;
        Ok(None)
    }

    fn join(&mut self, input: ManyInput) -> io::Result<()> {
        let mut log = ChosenLog::joining(input, &self.filter)?;
        log.source.read_little();
        let index = match self.free.pop() {
            Some(index) => {
                self.logs[index] = log;
                index
            }
            None => {
                self.logs.push(log);
                self.logs.len() - 1
            }
        };
        if let Some(order) = &mut self.order {
            order.read_on(index);
        }
        self.has_untold_logs = true;
        self.membership += 1;
        Ok(())
    }

    /// Tells that a log is one too many.
    pub(crate) fn skip_log(&mut self, name: Arc<LogName>) {
        let kind = NoticeKind::Skipped;
        self.notices.push_back(LogNotice { kind, name, restart: 0, log: None });
    }

    /// Tells that a log is not given, and keeps what the cursor said of it.
    pub(crate) fn fail_log(&mut self, log: FailedLog) {
        let FailedLog { key, name, status, entry } = log;
        self.is_incomplete = true;
        let kind = NoticeKind::Unreachable(status);
        self.notices.push_back(LogNotice { kind, name, restart: 0, log: None });
        if let (Some(many), Some(entry)) = (&mut self.many, entry) {
            many.kept.insert(key, entry);
        }
    }

    /// Whether lines are missing since a log was not given.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Lets go of a log of which no more is given.
    pub(super) fn retire_failed(&mut self, index: usize, failure: FailureKind) {
        let kind = match failure {
            FailureKind::Forbidden => {
                let log = &self.logs[index];
                if let (Some(many), Some(key)) = (&mut self.many, log.key) {
                    many.known.set(key, &log.name, Membership::Forbidden);
                }
                NoticeKind::Forbidden
            }
            FailureKind::Unavailable(status) => {
                self.is_incomplete = true;
                self.keep_end(index);
                NoticeKind::Unreachable(status)
            }
        };
        self.retire(index, kind);
    }

    /// Lets go of a log that has ended.
    pub(super) fn retire_ended(&mut self, index: usize) {
        let log = &self.logs[index];
        let kind = if log.source.is_gone() { NoticeKind::Gone } else { NoticeKind::Ended };
        match (&mut self.many, log.key) {
            (Some(many), Some(key)) if kind == NoticeKind::Gone => many.known.forget(key),
            (Some(_), _) => self.keep_end(index),
            _ => {}
        }
        self.retire(index, kind);
    }

    /// Leaves out the logs that may not be read any more.
    pub(crate) fn restrict(&mut self, may_read: &PodPredicate) {
        for index in 0..self.logs.len() {
            let log = &self.logs[index];
            let Some(key) = log.key.filter(|_| !may_read(&log.name.pod)) else { continue };
            if let Some(many) = &mut self.many {
                many.known.set(key, &log.name, Membership::Forbidden);
            }
            self.retire(index, NoticeKind::Forbidden);
        }
        if let Some(new_logs) = &mut self.new_logs {
            new_logs.restrict(may_read);
        }
    }

    /// Closes a log, and has it told why.
    fn retire(&mut self, index: usize, kind: NoticeKind) {
        let log = &mut self.logs[index];
        let (name, restart) = (log.name.clone(), log.source.run().restart);
        log.source.close();
        (log.key, log.gap, log.is_end_told) = (None, None, true);
        self.notices.push_back(LogNotice { kind, name, restart, log: Some(index) });
        if let Some(order) = &mut self.order {
            order.remove(index);
        }
        self.present = self.present.filter(|present| *present != index);
        self.ended.retain(|other| *other != index);
        self.skipped.retain(|(log, _)| *log != index);
        // How many of the lines before the tail it had is not known.
        (self.skip, self.begins_whole) = (0, false);
        self.free.push(index);
        self.membership += 1;
    }

    /// Changes whenever logs have come or gone.
    pub(crate) fn membership(&self) -> u64 {
        self.membership
    }

    /// What happened, after [`MergeStep::Notice`].
    pub(crate) fn take_notice(&mut self) -> Option<LogNotice> {
        self.notices.pop_front()
    }

    /// Whether it was told that this log has ended.
    pub(crate) fn is_end_told(&self, log: usize) -> bool {
        self.logs[log].is_end_told
    }

    /// Whether logs are new, and were not told of. Asked once.
    pub(crate) fn take_untold_logs(&mut self) -> bool {
        mem::take(&mut self.has_untold_logs)
    }

    /// What is to be told of the run that a log has come to, if that is new.
    pub(crate) fn take_run_news(&mut self, index: usize) -> Option<RunNews> {
        let log = &mut self.logs[index];
        if log.is_end_told {
            return None;
        }
        if let Some(status) = log.source.unreachable() {
            // When it is back, its run is told again.
            log.told_run = None;
            let is_told = mem::replace(&mut log.is_unreachable_told, true);
            return (!is_told).then_some(RunNews::Unreachable(status));
        }
        let is_back = mem::take(&mut log.is_unreachable_told);
        if let Some(reason) = log.source.waits_for() {
            if log.told_waiting.as_deref() == Some(reason) {
                return None;
            }
            let reason = reason.to_owned();
            log.told_waiting = Some(reason.clone());
            return Some(RunNews::Waiting(reason));
        }
        let run = log.source.run();
        if log.told_run == Some(run) {
            return None;
        }
        let news = match log.told_run.replace(run) {
            None if log.is_joined && !is_back => RunNews::Joined,
            Some(_) if self.follows && log.source.has_advanced() => RunNews::Restarted,
            _ => RunNews::Opened,
        };
        Some(news)
    }
}
