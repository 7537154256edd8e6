//! One of the logs that are merged, and the filter on its lines.

mod place;

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use self::place::LeftOut;
use super::context::{HeldLine, LineContext};
use crate::{
    chunk::SEARCH_BYTES,
    cursor::{LogPosition, log_key::LogKey, merged_cursor::ReadEntry},
    line::{
        filter::{LineFilter, judgement::JudgedLines, levels_before::LevelsBefore},
        level::Level,
        log_line::{LogLine, NextLine},
        log_run::LogRun,
        target::LogName,
        time::LineTime,
    },
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
    /// What the filter has to know of the lines before.
    pub(super) judged: JudgedLines,
    /// Where to go on while lines that were looked at are not given out.
    before_next: Option<LogResumption>,
    /// That the present line was given out has been noted.
    pub(super) is_settled: bool,
    /// A line was cut or withheld because of a limit: nothing behind it counts as given out.
    is_cut: bool,
    /// The last line that was given out was not finished.
    is_unfinished: bool,
    /// A line was refused because it is too late for what is asked for.
    is_past_until: bool,
    /// Which log of many it is, where that counts.
    pub(super) key: Option<LogKey>,
    /// The greatest time of a line that was given out.
    pub(super) last_given: Option<DateTime<Utc>>,
    /// The present line comes after lines of later times.
    pub(super) is_late: bool,
    /// The run that was told of last.
    pub(super) told_run: Option<LogRun>,
    /// Why the container was not started, as it was told last.
    pub(super) told_waiting: Option<String>,
    /// It was told that the source gives no more at present.
    pub(super) is_unreachable_told: bool,
    /// The log appeared while others were followed.
    pub(super) is_joined: bool,
    /// Its end was told.
    pub(super) is_end_told: bool,
    /// What of the log is left out.
    left_out: LeftOut,
    /// How a cursor knows the log, until a line behind its gap is given out.
    pub(super) lost_entry: Option<ReadEntry>,
    /// The lines around those that pass, if they are asked for.
    pub(super) context: Option<Box<LineContext>>,
}

/// Where a log can be taken up again behind a line, and what has to be known of the lines before.
#[derive(Debug, Clone)]
pub(crate) struct LogResumption {
    resumption: Resumption,
    levels: LevelsBefore,
}

impl LogResumption {
    /// The position for a cursor.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn position<N>(&self, container: N) -> io::Result<LogPosition<N>> {
        Ok(LogPosition { levels: self.levels, ..self.resumption.position(container)? })
    }
}

/// Lines that were lost before the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct LossBefore {
    /// The time of the line before, if there was one.
    pub(super) from: Option<DateTime<Utc>>,
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
    /// Much was read without finding one. There is more to read.
    Reading,
    Pending,
    /// It is not known yet: a line is on its way, or the end.
    Awaited,
    End,
}

impl ChosenLog {
    /// Opens the log.
    pub(super) fn new(input: LogInput, filter: &LineFilter) -> io::Result<Self> {
        let judged = JudgedLines::after(input.levels_before());
        Ok(Self {
            name: input.name().clone(),
            source: input.open(filter)?,
            state: LogState::Unknown,
            gap: None,
            last_time: None,
            refused: None,
            judged,
            before_next: None,
            is_settled: false,
            is_cut: false,
            is_unfinished: false,
            is_past_until: false,
            key: None,
            last_given: None,
            is_late: false,
            told_run: None,
            told_waiting: None,
            is_unreachable_told: false,
            is_joined: false,
            is_end_told: false,
            left_out: LeftOut::default(),
            lost_entry: None,
            context: (filter.context() > 0).then(|| Box::new(LineContext::new(filter.context()))),
        })
    }

    /// The time of the last line that was looked at.
    pub(super) fn last_looked_at(&self) -> Option<LineTime> {
        self.refused.or(self.last_time)
    }

    /// Where to go on behind the lines that were given out. `None` if that cannot be said.
    pub(super) fn resumption(&self) -> Option<LogResumption> {
        if !self.left_out.has_begun() {
            return None;
        }
        match &self.before_next {
            Some(before) => Some(before.clone()),
            None => self.here(),
        }
    }

    /// The same behind the line that was looked at last.
    pub(super) fn here(&self) -> Option<LogResumption> {
        match self.held() {
            Some(present) => present.resumption.clone(),
            None => here(&self.source, &self.judged),
        }
    }

    /// The present line.
    pub(super) fn line(&self) -> Option<LogLine<'_>> {
        self.held().map(HeldLine::line).or_else(|| self.source.line())
    }

    /// The level of the present line, if the filter asks for levels and it has one.
    pub(super) fn level(&self) -> Option<Level> {
        match self.held() {
            Some(present) => present.level,
            None => self.judged.level(self.source.line()?.stream),
        }
    }

    /// The present line, if it was held.
    fn held(&self) -> Option<&HeldLine> {
        self.context.as_ref()?.present.as_ref()
    }

    /// Goes to the next line that passes the filter.
    pub(super) fn find_next(&mut self, filter: &LineFilter, several: bool) -> io::Result<LogState> {
        if let Some(line) = self.context.as_mut().and_then(|context| context.present_next()) {
            return Ok(LogState::Line(several.then(|| line.time.instant())));
        }
        let search_end = self.source.bytes_read().saturating_add(SEARCH_BYTES);
        loop {
            let next = self.source.next()?;
            if let Some(found) = self.take(next, filter, several)? {
                return Ok(found);
            }
            if self.source.bytes_read() >= search_end {
                return Ok(LogState::Reading);
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
        Ok(self.take(next, filter, several)?.unwrap_or(LogState::Pending))
    }

    /// What there is to give; `None` if the search goes on.
    fn take(
        &mut self,
        next: NextLine,
        filter: &LineFilter,
        several: bool,
    ) -> io::Result<Option<LogState>> {
        Ok(match next {
            NextLine::Line => self.accept(filter, several)?,
            NextLine::Gap(bytes) => {
                self.note_gap(bytes, filter);
                None
            }
            NextLine::Pending => Some(LogState::Pending),
            NextLine::Awaited => Some(LogState::Awaited),
            NextLine::End => Some(LogState::End),
        })
    }

    /// Whether the present line counts.
    fn accept(&mut self, filter: &LineFilter, several: bool) -> io::Result<Option<LogState>> {
        let Some(line) = self.source.line() else {
            return Ok(None);
        };
        let time = line.time;
        let mut passes = filter.judge(&line, &mut self.judged)?;
        if let Some(context) = self.context.as_mut().filter(|_| filter.is_in_time(&time)) {
            let (source, judged) = (&self.source, &self.judged);
            let held = || HeldLine::new(&line, judged.level(line.stream), here(source, judged));
            passes = context.take(passes, line.is_continuation, held);
        }
        if !passes {
            self.gap = self.gap.filter(|_| !filter.is_long_before(time.instant()));
            self.is_past_until |= filter.until.is_some_and(|until| until <= time.instant());
            self.refused = Some(time);
            return Ok(None);
        }
        if self.left_out.takes(&line) {
            self.leave_behind();
            return Ok(None);
        }
        self.refused = None;
        Ok(Some(LogState::Line(several.then(|| time.instant()))))
    }

    /// Lines were lost: a gap, if they may be among those that are asked for.
    fn note_gap(&mut self, bytes: Option<u64>, filter: &LineFilter) {
        if self.refused.is_some_and(|last| filter.is_long_after(last.instant())) {
            return;
        }
        let before = self.gap.and_then(|gap| gap.bytes);
        let bytes = before.into_iter().chain(bytes).reduce(|sum, bytes| sum + bytes);
        self.gap = Some(LossBefore { from: self.last_time.map(|time| time.instant()), bytes });
    }
}

/// Where to go on behind the line that the source is at.
fn here(source: &LineSource, judged: &JudgedLines) -> Option<LogResumption> {
    Some(LogResumption { resumption: source.resumption()?, levels: judged.levels() })
}
