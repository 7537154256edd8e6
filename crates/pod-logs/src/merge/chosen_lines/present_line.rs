//! What is known of the present line, and of what comes because of it.

use std::io;

use tokio::sync::watch;

use super::ChosenLines;
use crate::{
    cost::ReadingCost,
    line::{
        filter::LineFilter,
        level::Level,
        log_line::LogLine,
        target::{ContainerName, LogName},
        time::LineTime,
    },
    merge::chosen_log::{ChosenLog, LogResumption},
    source::{line_source::LineSource, log_input::NewLogs},
};

impl ChosenLines {
    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogLine<'_>> {
        self.logs[self.present?].line()
    }

    /// The level of the present line, if the filter asks for levels and it has one.
    pub(crate) fn level(&self) -> Option<Level> {
        self.logs[self.present?].level()
    }

    /// Whether the present line is there because of one near it.
    pub(crate) fn is_context(&self) -> bool {
        let context = self.present.and_then(|log| self.logs[log].context.as_ref());
        context.is_some_and(|context| context.is_context)
    }

    /// Whether lines come that are there because of one before.
    pub(crate) fn owes_context(&self) -> bool {
        let mut contexts = self.logs.iter().filter_map(|log| log.context.as_ref());
        contexts.any(|context| context.after_left > 0)
    }

    /// Asks for no more lines than those that are there because of one before.
    pub(crate) fn finish_context(&mut self) {
        let contexts = self.logs.iter_mut().filter_map(|log| log.context.as_mut());
        contexts.for_each(|context| context.is_over = true);
    }

    /// Where in this content of the present line the filter's patterns match.
    pub(crate) fn hits(&self, content: &[u8]) -> io::Result<Vec<[usize; 2]>> {
        self.filter.hits(content)
    }

    /// Which of the logs the present line is from.
    pub(crate) fn log(&self) -> Option<usize> {
        self.present
    }

    /// Which log the present line is from, by name.
    pub(crate) fn name(&self) -> Option<&LogName> {
        Some(&self.logs[self.present?].name)
    }

    /// The name of one of the logs.
    pub(crate) fn name_of(&self, log: usize) -> &LogName {
        &self.logs[log].name
    }

    /// How one of the logs is read.
    pub(crate) fn source_of(&self, log: usize) -> &LineSource {
        &self.logs[log].source
    }

    /// Whether lines were lost, which is told before the next line.
    pub(crate) fn has_untold_gap(&self) -> bool {
        self.logs.iter().any(|log| log.gap.is_some())
    }

    /// The time of the last line that was looked at, whether or not it passed.
    pub(crate) fn last_time(&self) -> Option<LineTime> {
        let times = self.logs.iter().filter_map(ChosenLog::last_looked_at);
        times.max_by_key(LineTime::instant)
    }

    /// Whether the present line comes after lines of later times.
    pub(crate) fn is_late(&self) -> bool {
        self.present.is_some_and(|log| self.logs[log].is_late)
    }

    /// Whether the logs are of many pods.
    pub(crate) fn is_of_many(&self) -> bool {
        self.many.is_some()
    }

    /// Whether lines before the tail are still to be passed over.
    pub(crate) fn is_before_tail(&self) -> bool {
        self.skip > 0
    }

    /// How many lines the tail has, if one is asked for.
    pub(crate) fn tail_lines(&self) -> Option<u64> {
        self.tail_lines
    }

    /// Where to go on behind the present line: of many pods in its own log; else in the log of each
    /// container, that of the line first. `None` for a log of which that cannot be said.
    pub(crate) fn resumptions(
        &self,
    ) -> impl Iterator<Item = Option<(&ContainerName, LogResumption)>> {
        let first = self.present.unwrap_or(0);
        let count = if self.is_of_many() { 1 } else { self.logs.len() };
        let in_order = (0..count).map(move |place| match place {
            0 => first,
            place if place == first => 0,
            place => place,
        });
        in_order.map(|index| {
            let log = self.logs.get(index)?;
            let resumption = match self.present {
                Some(present) if present == index => log.here(),
                None if self.is_of_many() => None,
                _ => log.resumption(),
            };
            Some((&log.name.container, resumption?))
        })
    }

    /// The changes of each log that is followed, and of the pods that may join.
    pub(crate) fn changes(&self) -> Vec<watch::Receiver<u64>> {
        let of_logs = self.logs.iter().filter_map(|log| log.source.changes());
        of_logs.chain(self.new_logs.as_ref().and_then(NewLogs::changes)).collect()
    }

    /// Which lines are chosen.
    pub(crate) fn filter(&self) -> &LineFilter {
        &self.filter
    }

    /// How many logs there are. It grows when others appear.
    pub(crate) fn log_count(&self) -> usize {
        self.logs.len()
    }

    /// Whether logs that appear are taken in.
    pub(crate) fn is_joined(&self) -> bool {
        self.new_logs.is_some()
    }

    /// How much has been read from the files, in bytes of their content.
    pub(crate) fn bytes_read(&self) -> u64 {
        match (&self.order, &self.logs[..]) {
            (None, [log]) => log.source.bytes_read(),
            _ => self.bytes_read,
        }
    }

    /// What it takes to read the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.logs.iter().map(|log| log.source.cost_ahead()).sum()
    }
}
