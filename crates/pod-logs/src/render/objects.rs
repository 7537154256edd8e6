//! What is said of a log in JSON: as an object a line, or as server-sent events.

use serde::Serialize;

use super::form::LogForm;
use crate::line::time::LineTime;

#[derive(Serialize)]
pub(crate) struct LineObject<'a> {
    pub(crate) time: String,
    pub(crate) stream: &'static str,
    pub(crate) namespace: &'a str,
    pub(crate) pod: &'a str,
    pub(crate) container: &'a str,
    #[serde(flatten)]
    pub(crate) message: LineMessage<'a>,
    /// The line goes on in a later object.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineMessage<'a> {
    Message(&'a str),
    /// Of what is not UTF-8.
    MessageBase64(String),
}

#[derive(Serialize)]
pub(crate) struct GapObject {
    pub(crate) gap: GapFields,
}

#[derive(Serialize)]
pub(crate) struct GapFields {
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) bytes: Option<u64>,
}

#[derive(Serialize)]
struct EndObject<R> {
    end: EndFields<R>,
}

#[derive(Serialize)]
struct EndFields<R> {
    reason: R,
}

/// Writes that the log ends here, and why, if the form can express that.
pub fn write_end(form: LogForm, reason: impl Serialize, out: &mut Vec<u8>) {
    match form {
        LogForm::Text | LogForm::JsonString => {}
        LogForm::JsonLines => write_object(out, &EndObject { end: EndFields { reason } }),
        LogForm::Events => write_event(out, "end", &EndFields { reason }),
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
pub(crate) fn write_object(out: &mut Vec<u8>, object: &impl Serialize) {
    let written = serde_json::to_writer(&mut *out, object);
    debug_assert!(written.is_ok());
    out.push(b'\n');
}

pub(crate) fn utc_text(time: LineTime) -> String {
    time.instant().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

fn is_false(flag: &bool) -> bool {
    !flag
}
