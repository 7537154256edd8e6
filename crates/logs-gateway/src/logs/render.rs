//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

use std::io;

use super::{
    logical::LogicalLine,
    merge::ChosenLines,
    query::{Limit, LogQuery},
};

/// What a chunk has at least, unless the log ends, in bytes; at most a line more.
const CHUNK_BYTES: usize = 256 * 1024;
/// How much is read for one chunk at most, in bytes, so that a reader who left is noticed however
/// few lines are chosen.
const SCAN_BYTES: u64 = 16 * 1024 * 1024;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogForm {
    /// As the container wrote them.
    Text,
    /// As the inside of a JSON string; bytes that are not UTF-8 become U+FFFD.
    JsonString,
}

/// Writes what a query chooses.
#[derive(Debug)]
pub(crate) struct Rendering {
    lines: ChosenLines,
    form: LogForm,
    timestamps: bool,
    /// What may still be written.
    left: Limit,
    /// The line before had no newline, so it is owed one if another follows.
    owes_newline: bool,
    is_done: bool,
    /// A line as text, on its way to become JSON.
    text: Vec<u8>,
    /// The same as a JSON string, on its way out of its quotes.
    quoted: Vec<u8>,
}

impl Rendering {
    pub(crate) fn new(lines: ChosenLines, query: &LogQuery, form: LogForm) -> Self {
        Self {
            lines,
            form,
            timestamps: query.timestamps,
            left: query.limit,
            owes_newline: false,
            is_done: false,
            text: Vec::new(),
            quoted: Vec::new(),
        }
    }

    /// Whether everything was written.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Writes the next chunk behind what stands in `out`: whole lines, unless a limit cuts the
    /// last one. May write nothing though more follows: then nothing was chosen of what was read.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let scan_end = self.lines.bytes_ahead().saturating_sub(SCAN_BYTES);
        while !self.is_done && out.len() < CHUNK_BYTES && self.lines.bytes_ahead() >= scan_end {
            if self.left.lines == Some(0) || self.left.bytes == Some(0) || !self.lines.advance()? {
                self.is_done = true;
            } else {
                self.write_line(out);
            }
        }
        Ok(())
    }

    fn write_line(&mut self, out: &mut Vec<u8>) {
        let Some(line) = self.lines.line() else {
            return;
        };
        let owed = std::mem::replace(&mut self.owes_newline, !line.is_terminated);
        self.left.lines = self.left.lines.map(|lines| lines - 1);
        match self.form {
            LogForm::Text => write_text(&line, owed, self.timestamps, &mut self.left.bytes, out),
            LogForm::JsonString => {
                self.text.clear();
                let text = &mut self.text;
                write_text(&line, owed, self.timestamps, &mut self.left.bytes, text);
                write_json(text, &mut self.quoted, out);
            }
        }
    }
}

/// Writes a line, up to what the limit leaves.
fn write_text(
    line: &LogicalLine<'_>,
    owes_newline: bool,
    timestamps: bool,
    left: &mut Option<u64>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    if owes_newline {
        out.push(b'\n');
    }
    if timestamps {
        line.time.write_stamp(out);
        out.push(b' ');
    }
    out.extend_from_slice(line.content);
    if line.is_terminated {
        out.push(b'\n');
    }
    if let Some(left) = left {
        let written = (out.len() - start) as u64;
        let kept = written.min(*left);
        // What is cut off was just written, so it fits.
        out.truncate(start + kept as usize);
        *left -= kept;
    }
}

/// Writes text as the inside of a JSON string.
fn write_json(text: &[u8], quoted: &mut Vec<u8>, out: &mut Vec<u8>) {
    quoted.clear();
    let text = String::from_utf8_lossy(text);
    // Writing to a Vec cannot fail, and a string can always be written.
    if serde_json::to_writer(&mut *quoted, &text).is_ok() {
        out.extend_from_slice(&quoted[1..quoted.len() - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::physical::tests::range_of;

    const LOG: &[u8] = b"2026-11-01T10:00:01Z stdout F a\"b\n\
        2026-11-01T10:00:02Z stdout F \xff\xc3\xa4\n\
        2026-11-01T10:00:03Z stdout P half";

    #[track_caller]
    fn check(query: &LogQuery, form: LogForm, expected: &[u8]) {
        let lines = ChosenLines::new(vec![range_of(LOG, 0)], query).unwrap();
        let mut rendering = Rendering::new(lines, query, form);
        let mut out = Vec::new();
        while !rendering.is_done() {
            rendering.write_chunk(&mut out).unwrap();
        }
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(expected)
        );
    }

    fn limit(bytes: Option<u64>, lines: Option<u64>) -> LogQuery {
        LogQuery {
            limit: Limit { bytes, lines },
            ..LogQuery::default()
        }
    }

    #[test]
    fn text_is_as_it_was_written() {
        check(
            &LogQuery::default(),
            LogForm::Text,
            b"a\"b\n\xff\xc3\xa4\nhalf",
        );
    }

    #[test]
    fn json_is_escaped_and_valid() {
        let expected = "a\\\"b\\n\u{fffd}ä\\nhalf".as_bytes();
        check(&LogQuery::default(), LogForm::JsonString, expected);
    }

    #[test]
    fn stamps_stand_before_lines() {
        let query = LogQuery {
            timestamps: true,
            tail: Some(1),
            ..LogQuery::default()
        };
        check(
            &query,
            LogForm::Text,
            b"2026-11-01T10:00:03.000000000Z half",
        );
    }

    #[test]
    fn limits_cut_lines_between_and_bytes_anywhere() {
        check(&limit(None, Some(1)), LogForm::Text, b"a\"b\n");
        check(&limit(Some(2), None), LogForm::Text, b"a\"");
        check(&limit(Some(6), None), LogForm::Text, b"a\"b\n\xff\xc3");
        check(&limit(Some(2), None), LogForm::JsonString, b"a\\\"");
        check(
            &limit(Some(1000), Some(1000)),
            LogForm::Text,
            b"a\"b\n\xff\xc3\xa4\nhalf",
        );
        let stamped = LogQuery {
            timestamps: true,
            ..limit(Some(33), None)
        };
        check(
            &stamped,
            LogForm::Text,
            b"2026-11-01T10:00:01.000000000Z a\"",
        );
    }
}
