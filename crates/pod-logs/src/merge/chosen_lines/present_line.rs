//! What is known of the present line, and of what comes because of it.

use std::io;

use super::ChosenLines;
use crate::{
    line::{
        level::Level,
        log_line::LogLine,
        target::{ContainerName, LogName},
        time::LineTime,
    },
    merge::chosen_log::{ChosenLog, LogResumption},
    source::line_source::LineSource,
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

    /// Where the log of each container can be taken up again behind the present line, the container
    /// of that line first. `None` if that cannot be said.
    pub(crate) fn resumptions<'a>(&'a self) -> Option<Vec<(&'a ContainerName, LogResumption)>> {
        let of_log = |log: &'a ChosenLog| Some((&log.name.container, log.resumption()?));
        let mut logs = self.logs.iter().map(of_log).collect::<Option<Vec<_>>>()?;
        logs.swap(0, self.present.unwrap_or(0));
        Some(logs)
    }
}
