//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

use std::{io, mem};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{
    cursor::{Cursor, LogPosition},
    file::ReadingCost,
    format::{LineTime, Stream},
    logical::LogicalLine,
    merge::{ChosenLines, Gap, Step},
    query::{Limit, LogQuery},
    target::{ContainerName, PodRef, PodUid},
};

/// What a chunk has at least, unless the log ends, in bytes; at most a line more.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;
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
    /// A JSON object a line.
    JsonLines,
    /// The same objects as server-sent events.
    Events,
}

impl LogForm {
    /// Whether there is a way to say in it that lines were lost, or why it ends.
    pub(crate) fn has_words(self) -> bool {
        matches!(self, Self::JsonLines | Self::Events)
    }
}

/// What the lines are of.
#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<ContainerName>,
}

/// How far the writing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more to write.
    More,
    /// Nothing more until the log grows.
    CaughtUp,
    Done(EndReason),
}

/// Why a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndReason {
    /// All of it was given.
    Complete,
    /// The container was started anew, or its pod is gone.
    ContainerExit,
    /// The reader wanted no more.
    Limit,
    /// For too long it could not be told whether the reader may read on.
    Unavailable,
    /// The token came to its end.
    Expired,
    /// The token was revoked.
    Revoked,
    /// The permission was taken away.
    Forbidden,
    /// The gateway stops.
    Shutdown,
    /// The files can no longer be read.
    Source,
    /// Lines were lost, and the form has no way to say so.
    Gap,
}

impl EndReason {
    /// Whether it is the end of the token, or of what it permits.
    pub(crate) fn is_of_token(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Forbidden)
    }

    /// Whether the reader got what it asked for. If not, a body without words for it is cut off.
    pub(crate) fn is_clean(self) -> bool {
        matches!(self, Self::Complete | Self::ContainerExit | Self::Limit)
    }
}

/// Writes what a query chooses.
#[derive(Debug)]
pub(crate) struct Rendering {
    lines: ChosenLines,
    form: LogForm,
    labels: Labels,
    timestamps: bool,
    follows: bool,
    /// What may still be written.
    left: Limit,
    /// The line before had no newline, so it is owed one if another follows.
    owes_newline: bool,
    /// A line as text, on its way to become JSON.
    text: Vec<u8>,
    /// The same as a JSON string, on its way out of its quotes.
    quoted: Vec<u8>,
}

impl Rendering {
    pub(crate) fn new(lines: ChosenLines, labels: Labels, query: &LogQuery, form: LogForm) -> Self {
        Self {
            lines,
            form,
            labels,
            timestamps: query.timestamps,
            follows: query.follow,
            left: query.limit,
            owes_newline: false,
            text: Vec::new(),
            quoted: Vec::new(),
        }
    }

    pub(crate) fn form(&self) -> LogForm {
        self.form
    }

    /// What it takes to read the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.lines.cost_ahead()
    }

    /// Writes the next chunk behind what stands in `out`: whole lines, unless a limit cuts the
    /// last one. May write nothing though more follows: then nothing was chosen of what was read.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance, out)
    }

    /// The same, and writes what is not finished: nothing came for a while. But much may have come
    /// since that was seen.
    pub(crate) fn write_unfinished(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance_impatiently, out)
    }

    fn write_steps(
        &mut self,
        advance: fn(&mut ChosenLines) -> io::Result<Step>,
        out: &mut Vec<u8>,
    ) -> io::Result<Progress> {
        let scan_end = self.lines.bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.bytes_read() < scan_end {
            if self.left.lines == Some(0) || self.left.bytes == Some(0) {
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
        self.form == LogForm::Text && !self.timestamps && is_unlimited && !self.owes_newline
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
        let owed = mem::replace(&mut self.owes_newline, !line.is_terminated);
        self.left.lines = self.left.lines.map(|lines| lines - 1);
        match self.form {
            LogForm::Text => write_text(&line, owed, self.timestamps, &mut self.left.bytes, out),
            LogForm::JsonString => {
                self.text.clear();
                let text = &mut self.text;
                write_text(&line, owed, self.timestamps, &mut self.left.bytes, text);
                write_json(text, &mut self.quoted, out);
            }
            LogForm::JsonLines | LogForm::Events => {
                let kept = take_from(&mut self.left.bytes, line.content.len() as u64 + 1);
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

#[derive(Serialize)]
struct LineObject<'a> {
    time: String,
    stream: &'static str,
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    #[serde(flatten)]
    message: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Message<'a> {
    Message(&'a str),
    /// Of what is not UTF-8.
    MessageBase64(String),
}

#[derive(Serialize)]
struct GapObject {
    gap: GapFields,
}

#[derive(Serialize)]
struct GapFields {
    from: Option<String>,
    to: Option<String>,
    bytes: Option<u64>,
}

#[derive(Serialize)]
struct EndObject {
    end: End,
}

#[derive(Serialize)]
struct End {
    reason: EndReason,
}

fn write_line_object(
    form: LogForm,
    lines: &ChosenLines,
    labels: &Labels,
    line: &LogicalLine<'_>,
    content: &[u8],
    out: &mut Vec<u8>,
) -> io::Result<()> {
    // A line that is not finished is given out whole to who comes back.
    let cursor = if line.is_terminated { cursor(lines, labels)? } else { None };
    let object = LineObject {
        time: utc_text(line.time),
        stream: match line.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        },
        namespace: labels.pod.namespace.as_str(),
        pod: labels.pod.pod.as_str(),
        container: lines.log().map_or("", |log| labels.containers[log].as_str()),
        message: match std::str::from_utf8(content) {
            Ok(text) => Message::Message(text),
            Err(_) => Message::MessageBase64(STANDARD.encode(content)),
        },
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

/// Where to go on behind the present line.
fn cursor(lines: &ChosenLines, labels: &Labels) -> io::Result<Option<String>> {
    let Some(resumptions) = lines.resumptions() else {
        return Ok(None);
    };
    let logs = labels.containers.iter().zip(&resumptions);
    let logs = logs.map(|(container, resumption)| LogPosition::new(container, resumption));
    let mut logs = logs.collect::<io::Result<Vec<_>>>()?;
    logs.swap(0, lines.log().unwrap_or(0));
    Ok(Some(
        Cursor { pod: Cursor::pod_checksum(&labels.pod), uid: labels.uid.clone(), logs }.encode(),
    ))
}

/// Writes that the log ends here, and why, if the form has words for it.
pub(crate) fn write_end(form: LogForm, reason: EndReason, out: &mut Vec<u8>) {
    match form {
        LogForm::Text | LogForm::JsonString => {}
        LogForm::JsonLines => write_object(out, &EndObject { end: End { reason } }),
        LogForm::Events => write_event(out, "end", &End { reason }),
    }
}

/// An event of a stream of them.
pub(crate) fn write_event(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    write_object(out, data);
    out.push(b'\n');
}

/// A JSON object on a line. Writing our own objects to a Vec cannot fail.
fn write_object(out: &mut Vec<u8>, object: &impl Serialize) {
    let written = serde_json::to_writer(&mut *out, object);
    debug_assert!(written.is_ok());
    out.push(b'\n');
}

fn utc_text(time: LineTime) -> String {
    time.instant().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::{
        file::Chain, merge::tests::whole, physical::tests::chain_of, tail::tests::log,
    };

    const LOG: &[u8] = b"2026-11-01T10:00:01Z stdout F a\"b\n\
        2026-11-01T10:00:02+01:00 stderr F \xff\xc3\xa4\n\
        2026-11-01T10:00:03Z stdout P half";

    fn render(query: &LogQuery, form: LogForm) -> String {
        String::from_utf8_lossy(&render_all(chain_of(LOG, 0), query, form)).into_owned()
    }

    fn rendering(chain: Chain, query: &LogQuery, form: LogForm) -> Rendering {
        let lines = ChosenLines::new(vec![whole(chain)], query).unwrap();
        let labels = Labels {
            pod: PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() },
            uid: "1".parse().unwrap(),
            containers: vec!["app".parse().unwrap()],
        };
        Rendering::new(lines, labels, query, form)
    }

    fn render_all(chain: Chain, query: &LogQuery, form: LogForm) -> Vec<u8> {
        let mut rendering = rendering(chain, query, form);
        let mut out = Vec::new();
        loop {
            let mut chunk = Vec::new();
            let progress = rendering.write_chunk(&mut chunk).unwrap();
            out.append(&mut chunk);
            if let Progress::Done(reason) = progress {
                write_end(form, reason, &mut out);
                return out;
            }
        }
    }

    /// A log's text, put together line by line.
    fn text_by_lines(chain: Chain, query: &LogQuery) -> Vec<u8> {
        let mut lines = ChosenLines::new(vec![whole(chain)], query).unwrap();
        let (mut out, mut owes_newline) = (Vec::new(), false);
        while lines.advance().unwrap() == Step::Line {
            let line = lines.line().unwrap();
            write_text(&line, owes_newline, false, &mut None, &mut out);
            owes_newline = !line.is_terminated;
        }
        out
    }

    proptest! {
        #[test]
        fn lines_stripped_at_once_are_those_found_one_by_one(log in log(), tail in prop::option::of(0_u64..50)) {
            let query = LogQuery { tail, ..LogQuery::default() };
            let text = render_all(log.clone(), &query, LogForm::Text);
            prop_assert_eq!(text, text_by_lines(log, &query));
        }
    }

    #[track_caller]
    fn check(query: &LogQuery, form: LogForm, expected: &[u8]) {
        assert_eq!(render(query, form), String::from_utf8_lossy(expected));
    }

    fn limit(bytes: Option<u64>, lines: Option<u64>) -> LogQuery {
        LogQuery { limit: Limit { bytes, lines }, ..LogQuery::default() }
    }

    #[test]
    fn text_is_as_it_was_written() {
        check(&LogQuery::default(), LogForm::Text, b"a\"b\n\xff\xc3\xa4\nhalf");
    }

    #[test]
    fn json_is_escaped_and_valid() {
        let expected = "a\\\"b\\n\u{fffd}ä\\nhalf".as_bytes();
        check(&LogQuery::default(), LogForm::JsonString, expected);
    }

    #[test]
    fn objects_say_all_of_a_line() {
        let objects = render(&LogQuery::default(), LogForm::JsonLines);
        let objects: Vec<serde_json::Value> =
            objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects.len(), 4);
        assert_eq!(objects[0]["message"], "a\"b");
        assert_eq!(objects[0]["container"], "app");
        assert_eq!(objects[1]["time"], "2026-11-01T09:00:02.000000000Z");
        assert_eq!(objects[1]["message_base64"], "/8Ok");
        assert_eq!(objects[1]["stream"], "stderr");
        assert!(Cursor::decode(objects[1]["cursor"].as_str().unwrap()).is_ok());
        assert!(objects[2].get("cursor").is_none(), "it is not finished");
        assert_eq!(objects[3], serde_json::json!({"end": {"reason": "complete"}}));
    }

    #[test]
    fn events_have_the_cursor_as_their_id() {
        let events = render(&limit(None, Some(1)), LogForm::Events);
        let lines: Vec<&str> = events.lines().collect();
        assert!(Cursor::decode(lines[0].strip_prefix("id: ").unwrap()).is_ok());
        assert!(lines[1].starts_with("data: {\"time\":\"2026-11-01T10:00:01.000000000Z\""));
        assert_eq!(lines[2..], ["", "event: end", "data: {\"reason\":\"limit\"}", ""]);
    }

    #[test]
    fn stamps_stand_before_lines() {
        let query = LogQuery { timestamps: true, tail: Some(1), ..LogQuery::default() };
        check(&query, LogForm::Text, b"2026-11-01T10:00:03.000000000Z half");
    }

    #[test]
    fn what_is_not_finished_is_written_within_the_limits_and_a_chunk_at_a_time() {
        let mut out = Vec::new();
        let mut limited = rendering(chain_of(LOG, 0), &limit(None, Some(1)), LogForm::Text);
        let progress = limited.write_unfinished(&mut out).unwrap();
        assert_eq!((progress, &*out), (Progress::Done(EndReason::Limit), &b"a\"b\n"[..]));

        let much = b"2026-11-01T10:00:01Z stdout F a\n".repeat(CHUNK_BYTES);
        let mut unlimited = rendering(chain_of(&much, 0), &LogQuery::default(), LogForm::JsonLines);
        out.clear();
        assert_eq!(unlimited.write_unfinished(&mut out).unwrap(), Progress::More);
        assert!(out.len() < 2 * CHUNK_BYTES, "{}", out.len());
    }

    #[test]
    fn limits_cut_lines_between_and_bytes_anywhere() {
        check(&limit(None, Some(1)), LogForm::Text, b"a\"b\n");
        check(&limit(Some(2), None), LogForm::Text, b"a\"");
        check(&limit(Some(6), None), LogForm::Text, b"a\"b\n\xff\xc3");
        check(&limit(Some(2), None), LogForm::JsonString, b"a\\\"");
        check(&limit(Some(1000), Some(1000)), LogForm::Text, b"a\"b\n\xff\xc3\xa4\nhalf");
        let stamped = LogQuery { timestamps: true, ..limit(Some(33), None) };
        check(&stamped, LogForm::Text, b"2026-11-01T10:00:01.000000000Z a\"");
        assert!(
            render(&limit(Some(2), None), LogForm::JsonLines).contains("\"message\":\"a\\\"\"")
        );
    }
}
