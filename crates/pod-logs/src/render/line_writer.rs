//! Lines as the bytes of an answer, up to a limit.

use std::io;

use super::{
    form::LogForm,
    text::{TextBefore, take_from, write_json_text, write_text},
};
use crate::{
    counts::ReadCounts,
    line::{
        log_line::{LineEnding, LogLine},
        stream::OutputStream,
        target::LogName,
    },
    query::{LogQuery, OutputLimit},
};

/// How much text becomes JSON at once, in bytes: there it may take six times the space.
const QUOTED_BYTES: usize = 16 * 1024;

/// Which log a line is from, and which stream. The parts of a line have it in common.
type LineOrigin = (Option<usize>, OutputStream);

/// Writes lines in one form, up to a limit.
#[derive(Debug)]
pub(crate) struct LineWriter {
    layout: LineLayout,
    /// Where the line before is from, if it had no newline: it is owed one if another follows.
    open_line: Option<LineOrigin>,
    /// Where lines are from that are given out in parts, of which the last has not come.
    long_lines: Vec<LineOrigin>,
    counts: ReadCounts,
    /// A line as text, on its way to become JSON.
    text: Vec<u8>,
    /// The same as a JSON string, on its way out of its quotes.
    quoted: Vec<u8>,
}

/// How lines are written, and how much of them.
#[derive(Debug)]
struct LineLayout {
    form: LogForm,
    timestamps: bool,
    /// Each line of text begins with its log.
    prefix: bool,
    /// What may still be written.
    left: OutputLimit,
}

/// A line and its log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineOfLog<'a> {
    pub(crate) line: LogLine<'a>,
    /// Which of the logs.
    pub(crate) log: Option<usize>,
    pub(crate) name: Option<&'a LogName>,
    /// It is there because of a line near it.
    pub(crate) is_context: bool,
}

impl LineLayout {
    /// Whether a line is written as the container wrote it, whatever it is, and lines behind one
    /// another make one text. A new field has to be answered for here: on the short cut for plain
    /// text no line is looked at.
    fn changes_nothing(&self) -> bool {
        let Self { form, timestamps, prefix, left: OutputLimit { bytes, lines } } = self;
        let is_text = matches!(form, LogForm::Text | LogForm::JsonString) && !prefix;
        is_text && !timestamps && bytes.is_none() && lines.is_none()
    }
}

impl LineWriter {
    /// Writes lines in this form, as far as the query limits it.
    pub(crate) fn new(query: &LogQuery, form: LogForm) -> Self {
        let LogQuery { timestamps, prefix, limit: left, .. } = *query;
        Self {
            layout: LineLayout { form, timestamps, prefix, left },
            open_line: None,
            long_lines: Vec::new(),
            counts: ReadCounts::default(),
            text: Vec::new(),
            quoted: Vec::new(),
        }
    }

    /// How lines are written.
    pub(crate) fn form(&self) -> LogForm {
        self.layout.form
    }

    /// How much was written.
    pub(crate) fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// Counts a gap.
    pub(crate) fn count_gap(&mut self) {
        self.counts.gaps += 1;
    }

    /// Whether no more lines are to be begun. The rest of a long one may still come.
    pub(crate) fn has_enough_lines(&self) -> bool {
        self.layout.left.lines == Some(0)
    }

    /// Whether no more lines are asked for, and none is to be finished.
    pub(crate) fn has_all_lines(&self) -> bool {
        self.has_enough_lines() && self.long_lines.is_empty()
    }

    /// Whether no more bytes are asked for.
    pub(crate) fn has_all_bytes(&self) -> bool {
        self.layout.left.bytes == Some(0)
    }

    /// Whether the end of the last line is still to come.
    pub(crate) fn has_open_line(&self) -> bool {
        self.open_line.is_some()
    }

    /// Forgets what is open of a log: the rest of its lines does not come.
    pub(crate) fn close_log(&mut self, log: Option<usize>) {
        self.long_lines.retain(|(of, _)| *of != log);
    }

    /// Whether lines are written as they stand in the file, one behind another.
    pub(crate) fn copies(&self) -> bool {
        self.layout.changes_nothing() && self.open_line.is_none()
    }

    /// Writes text of many lines, `take` of it at most so many bytes at a time, as they are.
    pub(crate) fn copy(
        &mut self,
        space: usize,
        take: impl FnOnce(usize, &mut Vec<u8>) -> ReadCounts,
        out: &mut Vec<u8>,
    ) {
        if self.layout.form == LogForm::Text {
            self.counts += take(space, out);
            return;
        }
        self.text.clear();
        self.text.reserve(space.min(QUOTED_BYTES));
        self.counts += take(space.min(QUOTED_BYTES), &mut self.text);
        write_json_text(&self.text, &mut self.quoted, out);
    }

    /// Writes a line, where its form is an object with `write_object`, which is given the part of
    /// the content that fits. Whether the line was written as a whole is the answer.
    ///
    /// # Errors
    /// Those of `write_object`.
    pub(crate) fn write(
        &mut self,
        of_log: LineOfLog<'_>,
        out: &mut Vec<u8>,
        write_object: impl FnOnce(&[u8], &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<bool> {
        let LineOfLog { line, log, name, is_context } = of_log;
        let is_counted = !line.is_continuation && !is_context;
        if is_counted && self.layout.left.lines == Some(0) {
            // Only the rest of a long line is waited for.
            return Ok(false);
        }
        self.counts.masked += line.masked;
        let origin = (log, line.stream);
        self.long_lines.retain(|long| *long != origin);
        if line.ending == LineEnding::Continued {
            self.long_lines.push(origin);
        }
        let open = self.open_line.take();
        let begins_text = !line.is_continuation || open != Some(origin);
        let before = TextBefore {
            owes_newline: open.is_some() && begins_text,
            log: name.filter(|_| self.layout.prefix && begins_text),
            timestamp: self.layout.timestamps,
        };
        self.open_line = (line.ending != LineEnding::Newline).then_some(origin);
        if is_counted {
            self.layout.left.lines = self.layout.left.lines.map(|lines| lines - 1);
        }
        self.counts.lines += u64::from(!line.is_continuation);
        let left = &mut self.layout.left.bytes;
        let mut is_whole = true;
        self.counts.bytes += match self.layout.form {
            LogForm::Text => write_text(&line, before, left, out),
            LogForm::JsonString => {
                self.text.clear();
                let written = write_text(&line, before, left, &mut self.text);
                write_json_text(&self.text, &mut self.quoted, out);
                written
            }
            LogForm::JsonLines | LogForm::Events => {
                let newline = usize::from(line.ending == LineEnding::Newline);
                let length = line.content.len() + newline;
                let kept = take_from(left, length as u64);
                let content = &line.content[..line.content.len().min(kept as usize)];
                write_object(content, out)?;
                is_whole = content.len() == line.content.len();
                kept
            }
        };
        Ok(is_whole)
    }
}
