//! Whether a line passes, one line of a log after another.

use std::io;

use super::{LineFilter, levels_before::LevelsBefore};
use crate::line::{
    ansi::without_escapes,
    level::Level,
    log_line::{LineEnding, LogLine},
    stream::OutputStream,
};

/// What is known of the lines before, of one log.
#[derive(Debug, Clone, Default)]
pub(crate) struct JudgedLines {
    levels: LevelsBefore,
    /// Of each stream: what was decided for the line whose next part comes.
    decided: [Option<bool>; 2],
    /// A line without its escape sequences.
    text: Vec<u8>,
}

impl JudgedLines {
    /// The lines before had these levels.
    pub(crate) fn after(levels: LevelsBefore) -> Self {
        Self { levels, ..Self::default() }
    }

    /// The levels of the lines that were judged last, if the filter asks for levels.
    pub(crate) fn levels(&self) -> LevelsBefore {
        self.levels
    }

    /// The level of the stream's last line, if the filter asks for levels.
    pub(crate) fn level(&self, stream: OutputStream) -> Option<Level> {
        self.levels.of(stream)
    }
}

impl LineFilter {
    /// Whether the line passes; its stream was seen to already. To be called with each line of a
    /// log once, in their order. Of a line in parts the first one decides.
    ///
    /// # Errors
    /// When the reading is not wanted any more.
    pub(crate) fn judge(&self, line: &LogLine<'_>, before: &mut JudgedLines) -> io::Result<bool> {
        let decided = before.decided[line.stream as usize].take();
        let passes = match decided.filter(|_| line.is_continuation) {
            Some(decided) => decided,
            None => self.judge_first(line, before)?,
        };
        // The rest of a line that was refused before its end was written may be what is looked for.
        let is_decided = match line.ending {
            LineEnding::Newline => false,
            LineEnding::Unfinished => passes,
            LineEnding::Continued => true,
        };
        before.decided[line.stream as usize] = is_decided.then_some(passes);
        Ok(passes)
    }

    fn judge_first(&self, line: &LogLine<'_>, before: &mut JudgedLines) -> io::Result<bool> {
        let is_in_time = self.is_in_time(&line.time);
        // Later lines may continue this one.
        if !self.looks_at_content() || !(is_in_time || self.asks_for_levels()) {
            return Ok(is_in_time);
        }
        let JudgedLines { levels, text, .. } = before;
        let text = without_escapes(line.content, text);
        if self.asks_for_levels() {
            levels.add(line.stream, text);
        }
        if !is_in_time || self.level.is_some_and(|least| levels.of(line.stream) < Some(least)) {
            return Ok(false);
        }
        self.patterns.as_ref().map_or(Ok(true), |patterns| patterns.choose(text))
    }
}
