//! A line as an object.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    form::LogForm,
    objects::{ForFront, LineMessage, LineObject, utc_text, write_object},
};
use crate::{
    cursor::{Cursor, LogPosition},
    line::{
        log_line::{LineEnding, LogLine},
        stream::OutputStream,
    },
    merge::chosen_lines::ChosenLines,
};

/// Writes the present line with this part of its content; `for_front`, with all that is known of it.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn write_line_object(
    form: LogForm,
    for_front: bool,
    lines: &ChosenLines,
    line: &LogLine<'_>,
    content: &[u8],
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let Some(name) = lines.name() else {
        return Ok(());
    };
    // A client that comes back gets a line that was not finished, or was cut, from its beginning.
    let is_whole = line.ending != LineEnding::Unfinished && content.len() == line.content.len();
    let cursor = if is_whole { cursor(lines)? } else { None };
    let knows_stream = lines.log().is_some_and(|log| lines.source_of(log).knows_streams());
    let object = LineObject {
        time: utc_text(line.time.instant()),
        stream: knows_stream.then_some(match line.stream {
            OutputStream::Stdout => "stdout",
            OutputStream::Stderr => "stderr",
        }),
        namespace: name.pod.namespace.as_str(),
        pod: name.pod.pod.as_str(),
        container: name.container.as_str(),
        message: message_of(content),
        partial: line.ending == LineEnding::Continued,
        level: lines.level(),
        hits: if lines.is_context() { Vec::new() } else { lines.hits(content)? },
        context: lines.is_context(),
        late: lines.is_late(),
        cursor: cursor.as_deref(),
        for_front: match (for_front, &cursor) {
            (false, _) => ForFront::default(),
            (true, Some(_)) => told_to_front(line),
            (true, None) => ForFront { uid: Some(name.uid.to_string()), ..told_to_front(line) },
        },
    };
    // Of many logs an event holds several lines.
    let is_whole_event = form == LogForm::Events && !lines.is_of_many();
    if let Some(cursor) = cursor.as_ref().filter(|_| is_whole_event) {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(cursor.as_bytes());
        out.push(b'\n');
    }
    if form == LogForm::Events {
        out.extend_from_slice(b"data: ");
    }
    write_object(out, &object);
    if is_whole_event {
        out.push(b'\n');
    }
    Ok(())
}

/// The content of a line, which need not be UTF-8.
pub(crate) fn message_of(content: &[u8]) -> LineMessage<'_> {
    match std::str::from_utf8(content) {
        Ok(text) => LineMessage::Message(text),
        Err(_) => LineMessage::MessageBase64(STANDARD.encode(content)),
    }
}

fn told_to_front(line: &LogLine<'_>) -> ForFront {
    let mut stamp = Vec::new();
    line.time.write_stamp(&mut stamp);
    let is_utc = stamp.last() == Some(&b'Z');
    ForFront {
        stamp: String::from_utf8(stamp).ok().filter(|_| !is_utc),
        uid: None,
        continued: line.is_continuation,
        unfinished: line.ending == LineEnding::Unfinished,
        masked: line.masked,
    }
}

/// Where to go on behind the last line that was looked at. `None` where that cannot be said, or
/// takes more than a cursor may have.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn cursor(lines: &ChosenLines) -> io::Result<Option<String>> {
    let Some(resumptions) = lines.resumptions() else {
        return Ok(None);
    };
    let mut logs = resumptions
        .iter()
        .map(|(container, resumption)| resumption.position(container))
        .collect::<io::Result<Vec<_>>>()?;
    // Nothing was read of a file without a first line: it is read from its beginning.
    logs.retain(LogPosition::is_known);
    if logs.is_empty() {
        return Ok(None);
    }
    let name = lines.name_of(lines.log().unwrap_or(0));
    Ok(Cursor { pod: Cursor::pod_checksum(&name.pod), uid: name.uid.clone(), logs }.encode())
}
