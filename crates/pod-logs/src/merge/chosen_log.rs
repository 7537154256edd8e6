//! One of the logs that are merged, and the filter on its lines.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    line::{filter::LineFilter, log_line::NextLine, target::LogName, time::LineTime},
    source::{
        line_source::{LineSource, Resumption},
        log_input::LogInput,
    },
};

/// A log, and what is known of its next line.
#[derive(Debug)]
pub(super) struct ChosenLog {
    pub(super) name: Arc<LogName>,
    pub(super) source: LineSource,
    pub(super) state: LogState,
    /// Lines were lost before the next one.
    pub(super) gap: Option<LossBefore>,
    /// The time of the last line that was given out.
    pub(super) last_time: Option<LineTime>,
    /// The time of the last line, if the filter refused it.
    refused: Option<LineTime>,
    /// Where to go on if the next line, which has been looked at, is not given out.
    pub(super) before_next: Option<Resumption>,
}

/// Lines that were lost before the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct LossBefore {
    /// The time of the line before, if there was one.
    pub(super) from: Option<LineTime>,
    /// How much is known to be lost, in bytes.
    pub(super) bytes: Option<u64>,
}

/// What is known of a log's next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogState {
    /// Nothing: it was not looked for.
    Unknown,
    /// There is one. Its time counts only between several logs.
    Line(Option<DateTime<Utc>>),
    Pending,
    End,
}

impl ChosenLog {
    /// Opens the log.
    pub(super) fn new(input: LogInput, filter: &LineFilter) -> io::Result<Self> {
        Ok(Self {
            name: input.name().clone(),
            source: input.open(filter.stream)?,
            state: LogState::Unknown,
            gap: None,
            last_time: None,
            refused: None,
            before_next: None,
        })
    }

    /// The time of the last line that was looked at.
    pub(super) fn last_looked_at(&self) -> Option<LineTime> {
        self.refused.or(self.last_time)
    }

    /// Goes to the next line that passes the filter.
    pub(super) fn find_next(&mut self, filter: &LineFilter, several: bool) -> io::Result<LogState> {
        loop {
            let next = self.source.next()?;
            if let Some(found) = self.take(next, filter, several) {
                return Ok(found);
            }
        }
    }

    /// The same, and takes for a line what is not finished.
    pub(super) fn find_next_unfinished(
        &mut self,
        filter: &LineFilter,
        several: bool,
    ) -> io::Result<LogState> {
        let found = self.find_next(filter, several)?;
        if found != LogState::Pending {
            return Ok(found);
        }
        let next = self.source.next_unfinished()?;
        Ok(self.take(next, filter, several).unwrap_or(LogState::Pending))
    }

    /// What there is to give; `None` if the search goes on.
    fn take(&mut self, next: NextLine, filter: &LineFilter, several: bool) -> Option<LogState> {
        match next {
            NextLine::Line => self.accept(filter, several),
            NextLine::Gap(bytes) => {
                self.note_gap(bytes, filter);
                None
            }
            NextLine::Pending => Some(LogState::Pending),
            NextLine::End => Some(LogState::End),
        }
    }

    /// Whether the present line counts.
    fn accept(&mut self, filter: &LineFilter, several: bool) -> Option<LogState> {
        let time = self.source.line()?.time;
        if !filter.passes(&time) {
            self.gap = self.gap.filter(|_| !filter.is_long_before(time.instant()));
            self.refused = Some(time);
            return None;
        }
        self.refused = None;
        Some(LogState::Line(several.then(|| time.instant())))
    }

    /// Lines were lost: a gap, if they may be among those that are asked for.
    fn note_gap(&mut self, bytes: Option<u64>, filter: &LineFilter) {
        if self.refused.is_some_and(|last| filter.is_long_after(last.instant())) {
            return;
        }
        let before = self.gap.and_then(|gap| gap.bytes);
        let bytes = before.into_iter().chain(bytes).reduce(|sum, bytes| sum + bytes);
        self.gap = Some(LossBefore { from: self.last_time, bytes });
    }
}
