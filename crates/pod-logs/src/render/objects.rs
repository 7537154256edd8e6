//! What is said of a log in JSON: as an object a line, or as server-sent events.

use serde::Serialize;

use super::form::{EndReason, LogForm};
use crate::format::LineTime;

#[derive(Serialize)]
pub(super) struct LineObject<'a> {
    pub(super) time: String,
    pub(super) stream: &'static str,
    pub(super) namespace: &'a str,
    pub(super) pod: &'a str,
    pub(super) container: &'a str,
    #[serde(flatten)]
    pub(super) message: Message<'a>,
    /// The line goes on in a later object.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message<'a> {
    Message(&'a str),
    /// Of what is not UTF-8.
    MessageBase64(String),
}

#[derive(Serialize)]
pub(super) struct GapObject {
    pub(super) gap: GapFields,
}

#[derive(Serialize)]
pub(super) struct GapFields {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) bytes: Option<u64>,
}

#[derive(Serialize)]
struct EndObject {
    end: End,
}

#[derive(Serialize)]
struct End {
    reason: EndReason,
}

/// Writes that the log ends here, and why, if the form has words for it.
pub fn write_end(form: LogForm, reason: EndReason, out: &mut Vec<u8>) {
    match form {
        LogForm::Text | LogForm::JsonString => {}
        LogForm::JsonLines => write_object(out, &EndObject { end: End { reason } }),
        LogForm::Events => write_event(out, "end", &End { reason }),
    }
}

/// An event of a stream of them.
pub fn write_event(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    write_object(out, data);
    out.push(b'\n');
}

/// A JSON object on a line. Writing our own objects to a Vec cannot fail.
pub(super) fn write_object(out: &mut Vec<u8>, object: &impl Serialize) {
    let written = serde_json::to_writer(&mut *out, object);
    debug_assert!(written.is_ok());
    out.push(b'\n');
}

pub(super) fn utc_text(time: LineTime) -> String {
    time.instant().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

fn is_false(flag: &bool) -> bool {
    !flag
}
