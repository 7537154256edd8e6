//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

mod form;
mod objects;

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
pub use form::{EndReason, LogForm, Progress};
use objects::{GapFields, GapObject, LineObject, Message, utc_text, write_object};
pub use objects::{write_end, write_event};

use super::{
    cursor::{Cursor, LogPosition},
    file::ReadingCost,
    format::Stream,
    logical::{Ending, LogicalLine},
    merge::{ChosenLines, Gap, Step},
    query::{Limit, LogQuery},
    target::{ContainerName, PodRef, PodUid},
};

/// What a chunk has at least, unless the log ends, in bytes; at most a line more.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// How much is read for one chunk at most, in bytes, so that a reader who left is noticed however
/// few lines are chosen.
const SCAN_BYTES: u64 = 16 * 1024 * 1024;

/// What the lines are of.
#[derive(Debug)]
pub struct Labels {
    /// The namespace and name of the pod.
    pub pod: PodRef,
    /// The incarnation of the pod.
    pub uid: PodUid,
}

/// Which log a line is from, and which stream. The parts of a line have it in common.
type LineOrigin = (Option<usize>, Stream);

/// Writes what a query chooses.
#[derive(Debug)]
pub struct Rendering {
    lines: ChosenLines,
    form: LogForm,
    labels: Labels,
    timestamps: bool,
    follows: bool,
    /// What may still be written.
    left: Limit,
    /// Where the line before is from, if it had no newline: it is owed one if another follows.
    open_line: Option<LineOrigin>,
    /// Where lines are from that are given out in parts, of which the last has not come.
    long_lines: Vec<LineOrigin>,
    /// A line as text, on its way to become JSON.
    text: Vec<u8>,
    /// The same as a JSON string, on its way out of its quotes.
    quoted: Vec<u8>,
}

impl Rendering {
    /// Writes these lines in this form, as far as the query limits it.
    pub fn new(lines: ChosenLines, labels: Labels, query: &LogQuery, form: LogForm) -> Self {
        Self {
            lines,
            form,
            labels,
            timestamps: query.timestamps,
            follows: query.follow,
            left: query.limit,
            open_line: None,
            long_lines: Vec::new(),
            text: Vec::new(),
            quoted: Vec::new(),
        }
    }

    /// How lines are written.
    pub fn form(&self) -> LogForm {
        self.form
    }

    /// The lines that are written.
    pub fn lines(&self) -> &ChosenLines {
        &self.lines
    }

    /// What it takes to read the rest, as far as it is there.
    pub fn cost_ahead(&self) -> ReadingCost {
        self.lines.cost_ahead()
    }

    /// Writes the next chunk behind what stands in `out`: whole lines, unless a limit cuts the
    /// last one. May write nothing though more follows: then nothing was chosen of what was read.
    pub fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance, out)
    }

    /// The same, and writes what is not finished: nothing came for a while. But much may have come
    /// since that was seen.
    pub fn write_unfinished(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance_impatiently, out)
    }

    fn write_steps(
        &mut self,
        advance: fn(&mut ChosenLines) -> io::Result<Step>,
        out: &mut Vec<u8>,
    ) -> io::Result<Progress> {
        let scan_end = self.lines.bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.bytes_read() < scan_end {
            let has_all_lines = self.left.lines == Some(0) && self.long_lines.is_empty();
            if has_all_lines || self.left.bytes == Some(0) {
                return Ok(Progress::Done(EndReason::Limit));
            }
            let step = advance(&mut self.lines)?;
            if let Some(progress) = self.write_step(step, out)? {
                return Ok(progress);
            }
            if self.writes_text_as_it_is() {
                self.lines.strip(CHUNK_BYTES.saturating_sub(out.len()), out);
            }
        }
        Ok(Progress::More)
    }

    /// Whether nothing of a line is written but what stands in the file.
    fn writes_text_as_it_is(&self) -> bool {
        let is_unlimited = self.left == Limit::default();
        self.form == LogForm::Text && !self.timestamps && is_unlimited && self.open_line.is_none()
    }

    /// One line, or one gap. `None`: go on.
    fn write_step(&mut self, step: Step, out: &mut Vec<u8>) -> io::Result<Option<Progress>> {
        match step {
            Step::Line => self.write_line(out)?,
            Step::Gap(_) if !self.form.has_words() => {
                return Ok(Some(Progress::Done(EndReason::Gap)));
            }
            Step::Gap(gap) => self.write_gap(&gap, out),
            Step::Pending => return Ok(Some(Progress::CaughtUp)),
            Step::End if self.follows => {
                return Ok(Some(Progress::Done(EndReason::ContainerExit)));
            }
            Step::End => return Ok(Some(Progress::Done(EndReason::Complete))),
        }
        Ok(None)
    }

    fn write_line(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(line) = self.lines.line() else {
            return Ok(());
        };
        if !line.is_continuation && self.left.lines == Some(0) {
            // Only the rest of a long line is waited for.
            return Ok(());
        }
        let origin = (self.lines.log(), line.stream);
        self.long_lines.retain(|long| *long != origin);
        if line.ending == Ending::Continued {
            self.long_lines.push(origin);
        }
        let open = self.open_line.take();
        let owed = open.is_some_and(|open| open != origin || !line.is_continuation);
        self.open_line = (line.ending != Ending::Newline).then_some(origin);
        if !line.is_continuation {
            self.left.lines = self.left.lines.map(|lines| lines - 1);
        }
        match self.form {
            LogForm::Text => write_text(&line, owed, self.timestamps, &mut self.left.bytes, out),
            LogForm::JsonString => {
                self.text.clear();
                let text = &mut self.text;
                write_text(&line, owed, self.timestamps, &mut self.left.bytes, text);
                write_json(text, &mut self.quoted, out);
            }
            LogForm::JsonLines | LogForm::Events => {
                let newline = usize::from(line.ending == Ending::Newline);
                let length = line.content.len() + newline;
                let kept = take_from(&mut self.left.bytes, length as u64);
                let content = &line.content[..line.content.len().min(kept as usize)];
                write_line_object(self.form, &self.lines, &self.labels, &line, content, out)?;
            }
        }
        Ok(())
    }

    fn write_gap(&self, gap: &Gap, out: &mut Vec<u8>) {
        let gap =
            GapFields { from: gap.from.map(utc_text), to: gap.to.map(utc_text), bytes: gap.bytes };
        match self.form {
            LogForm::Events => write_event(out, "gap", &gap),
            _ => write_object(out, &GapObject { gap }),
        }
    }
}

fn write_line_object(
    form: LogForm,
    lines: &ChosenLines,
    labels: &Labels,
    line: &LogicalLine<'_>,
    content: &[u8],
    out: &mut Vec<u8>,
) -> io::Result<()> {
    // A client that comes back gets a line that was not finished, or was cut, from its beginning.
    let is_whole = line.ending != Ending::Unfinished && content.len() == line.content.len();
    let cursor = if is_whole { cursor(lines, labels)? } else { None };
    let object = LineObject {
        time: utc_text(line.time),
        stream: match line.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        },
        namespace: labels.pod.namespace.as_str(),
        pod: labels.pod.pod.as_str(),
        container: lines.container().map_or("", ContainerName::as_str),
        message: match std::str::from_utf8(content) {
            Ok(text) => Message::Message(text),
            Err(_) => Message::MessageBase64(STANDARD.encode(content)),
        },
        partial: line.ending == Ending::Continued,
        cursor: cursor.as_deref(),
    };
    if form == LogForm::Events {
        if let Some(cursor) = &cursor {
            out.extend_from_slice(b"id: ");
            out.extend_from_slice(cursor.as_bytes());
            out.push(b'\n');
        }
        out.extend_from_slice(b"data: ");
    }
    write_object(out, &object);
    if form == LogForm::Events {
        out.push(b'\n');
    }
    Ok(())
}

/// Where to go on behind the present line. `None` where that cannot be said, or takes more than a
/// cursor may have.
fn cursor(lines: &ChosenLines, labels: &Labels) -> io::Result<Option<String>> {
    let Some(resumptions) = lines.resumptions() else {
        return Ok(None);
    };
    let logs = resumptions
        .iter()
        .map(|(container, resumption)| LogPosition::new(container, resumption))
        .collect::<io::Result<_>>()?;
    Ok(Cursor { pod: Cursor::pod_checksum(&labels.pod), uid: labels.uid.clone(), logs }.encode())
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
    if timestamps && !line.is_continuation {
        line.time.write_stamp(out);
        out.push(b' ');
    }
    out.extend_from_slice(line.content);
    if line.ending == Ending::Newline {
        out.push(b'\n');
    }
    let kept = take_from(left, (out.len() - start) as u64);
    // What is cut off was just written, so it fits.
    out.truncate(start + kept as usize);
}

/// Takes as much of the wanted as is left.
fn take_from(left: &mut Option<u64>, wanted: u64) -> u64 {
    let Some(left) = left else {
        return wanted;
    };
    let taken = wanted.min(*left);
    *left -= taken;
    taken
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
mod tests;
