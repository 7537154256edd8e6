//! Lines as objects, and the cursors behind them.

use std::io;

use crate::{
    cursor::{Cursor, LogPosition, cursor_encoder::CursorEncoder},
    line::log_line::{LineEnding, LogLine},
    merge::chosen_lines::ChosenLines,
    render::{form::LogForm, line_object::LineObject, objects::ForFront},
};

/// Writes the present line with this part of its content; `for_front`, with all that is known of it.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn write_present_line(
    form: LogForm,
    for_front: bool,
    lines: &ChosenLines,
    line: &LogLine<'_>,
    content: &[u8],
    encoder: &mut CursorEncoder,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let Some(name) = lines.name() else {
        return Ok(());
    };
    // A client that comes back gets a line that was not finished, or was cut, from its beginning.
    let is_whole = line.ending != LineEnding::Unfinished && content.len() == line.content.len();
    let cursor = if is_whole { cursor(lines, encoder)? } else { None };
    let knows_stream = lines.log().is_some_and(|log| lines.source_of(log).knows_streams());
    let object = LineObject {
        time: line.time,
        stream: knows_stream.then_some(line.stream),
        pod: &name.pod,
        container: &name.container,
        message: content,
        partial: line.ending == LineEnding::Continued,
        level: lines.level(),
        hits: if lines.is_context() { Vec::new() } else { lines.hits(content)? },
        context: lines.is_context(),
        late: lines.is_late(),
        cursor,
        for_front: match (for_front, cursor) {
            (false, _) => None,
            (true, Some(_)) => Some(told_to_front(line)),
            (true, None) => {
                Some(ForFront { uid: Some(name.uid.to_string()), ..told_to_front(line) })
            }
        },
    };
    // Of many logs an event holds several lines.
    let is_whole_event = form == LogForm::Events && !lines.is_of_many();
    if let Some(cursor) = cursor.filter(|_| is_whole_event) {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(cursor.as_bytes());
        out.push(b'\n');
    }
    if form == LogForm::Events {
        out.extend_from_slice(b"data: ");
    }
    object.write(out);
    if is_whole_event {
        out.push(b'\n');
    }
    Ok(())
}

fn told_to_front(line: &LogLine<'_>) -> ForFront {
    let stamp = || {
        let mut stamp = Vec::new();
        line.time.write_stamp(&mut stamp);
        String::from_utf8(stamp).ok()
    };
    ForFront {
        stamp: if line.time.is_in_utc() { None } else { stamp() },
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
pub(super) fn cursor<'a>(
    lines: &ChosenLines,
    encoder: &'a mut CursorEncoder,
) -> io::Result<Option<&'a str>> {
    let mut logs = Vec::new();
    for resumption in lines.resumptions() {
        let Some((container, resumption)) = resumption else {
            return Ok(None);
        };
        logs.push(resumption.position(container)?);
    }
    // Nothing was read of a file without a first line: it is read from its beginning.
    logs.retain(LogPosition::is_known);
    if logs.is_empty() {
        return Ok(None);
    }
    let name = lines.name_of(lines.log().unwrap_or(0));
    Ok(encoder.encode(Cursor::pod_checksum(&name.pod), &name.uid, &logs))
}
