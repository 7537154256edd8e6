//! What is said of a log in JSON: as an object a line, or as server-sent events.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::form::LogForm;

/// What only a front is told of a line, so that it can write the line in any form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ForFront {
    /// The time as it is written, if that is not in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stamp: Option<String>,
    /// The incarnation of the pod, if no cursor tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    /// The beginning of the line was given before.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) continued: bool,
    /// The end of the line was not written yet.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) unfinished: bool,
    /// How many tokens in it are masked.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) masked: u64,
}

/// Lines that were lost; unknown is null.
#[derive(Serialize)]
pub(crate) struct GapRecord<'a> {
    pub(crate) namespace: Option<&'a str>,
    pub(crate) pod: Option<&'a str>,
    pub(crate) container: Option<&'a str>,
    /// The times of the lines around.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) bytes: Option<u64>,
}

/// What happens to a log as a whole.
#[derive(Serialize)]
pub(crate) struct PodRecord<'a> {
    pub(crate) event: PodEvent,
    pub(crate) namespace: &'a str,
    pub(crate) pod: &'a str,
    pub(crate) uid: &'a str,
    pub(crate) container: &'a str,
    pub(crate) restart: u32,
    /// Why it waits, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'a str>,
    /// The node that it is on, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<&'a str>,
    /// With which the source answers, if it does, and the log cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
}

/// A node cannot be read. What it has is not known.
#[derive(Serialize)]
pub(crate) struct UnreachableRecord<'a> {
    pub(crate) event: PodEvent,
    pub(crate) namespace: (),
    pub(crate) pod: (),
    pub(crate) uid: (),
    pub(crate) container: (),
    pub(crate) restart: (),
    pub(crate) node: Option<&'a str>,
    /// Of its answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
}

/// What happens to a log as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PodEvent {
    /// The container was not started yet.
    Waiting,
    /// Lines of this run come.
    Opened,
    /// The log appeared while others were followed.
    Joined,
    /// The container was started again while its log was followed.
    Restarted,
    /// The container was started again, and lines of its next run were not asked for.
    Ended,
    /// The log was removed.
    Gone,
    /// The log is one too many, and is left out.
    Skipped,
    /// The log may not be read any more.
    Forbidden,
    /// The log, or the node of some logs, cannot be read at present.
    Unreachable,
}

/// How far a reading has come.
#[derive(Serialize)]
pub(crate) struct ProgressRecord<'a> {
    /// Behind the last line that was looked at.
    pub(crate) cursor: Option<&'a str>,
    /// Of that line.
    pub(crate) time: Option<String>,
    pub(crate) scanned_bytes: u64,
    /// Lines that were given out.
    pub(crate) matched: u64,
    /// What is stored behind that line.
    pub(crate) behind_bytes: u64,
}

/// The lines of an interval, or some of them.
#[derive(Serialize)]
pub(super) struct VolumeRecord {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// How many lines have each level; `none` are those that have none.
    pub(super) levels: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct EndRecord<'a, R> {
    reason: R,
    /// The nodes that could not be read.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    missing: &'a [String],
}

/// Writes that lines were lost.
pub(crate) fn write_gap(form: LogForm, gap: &GapRecord<'_>, out: &mut Vec<u8>) {
    write_record(form, "gap", gap, out);
}

/// Writes what happens to a log as a whole.
pub(crate) fn write_pod(form: LogForm, pod: &PodRecord<'_>, out: &mut Vec<u8>) {
    write_record(form, "pod", pod, out);
}

/// Writes that a node cannot be read.
pub(crate) fn write_unreachable(form: LogForm, node: &UnreachableRecord<'_>, out: &mut Vec<u8>) {
    write_record(form, "pod", node, out);
}

/// Writes the lines of an interval as another gateway counted them, an object.
pub(crate) fn write_volume_text(form: LogForm, volume: &RawValue, out: &mut Vec<u8>) {
    write_record(form, "volume", &volume, out);
}

/// Writes that there is nothing more to read at present. A client that comes back goes on behind
/// the cursor, although it may have had no line.
pub(crate) fn write_live(form: LogForm, cursor: Option<&str>, out: &mut Vec<u8>) {
    write_id(form, cursor, out);
    write_record(form, "live", &true, out);
}

/// Writes how far a reading has come. A client that comes back goes on there.
pub(crate) fn write_progress(form: LogForm, progress: &ProgressRecord<'_>, out: &mut Vec<u8>) {
    write_id(form, progress.cursor, out);
    write_record(form, "progress", progress, out);
}

/// Writes how many lines there are in an interval.
pub(super) fn write_volume(form: LogForm, volume: &VolumeRecord, out: &mut Vec<u8>) {
    write_record(form, "volume", &volume, out);
}

/// Writes where all logs can be taken up again: as an object, or as the id of the event that the
/// lines before are in.
pub(crate) fn write_checkpoint(form: LogForm, cursor: &str, out: &mut Vec<u8>) {
    match form {
        LogForm::Events => write_id(form, Some(cursor), out),
        form => write_record(form, "cursor", &cursor, out),
    }
}

/// Writes an id, and ends the event: without data, a client takes only the id.
fn write_id(form: LogForm, cursor: Option<&str>, out: &mut Vec<u8>) {
    if let Some(cursor) = cursor.filter(|_| form == LogForm::Events) {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(cursor.as_bytes());
        out.extend_from_slice(b"\n\n");
    }
}

/// Writes something other than a line, if the form has words for it: `{"name":fields}`, or an
/// event of the name.
fn write_record(form: LogForm, name: &str, fields: &impl Serialize, out: &mut Vec<u8>) {
    match form {
        LogForm::Text | LogForm::JsonString => {}
        LogForm::JsonLines => write_named(name, fields, out),
        LogForm::Events => write_event(out, name, fields),
    }
}

/// Writes `{"name":fields}` on a line.
pub(super) fn write_named(name: &str, fields: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    write_json(out, fields);
    out.extend_from_slice(b"}\n");
}

/// Writes that the log ends here, and why, if the form can express that.
pub fn write_end(form: LogForm, reason: impl Serialize, out: &mut Vec<u8>) {
    write_end_without(form, reason, &[], out);
}

/// The same of what was read of several nodes, without those that are missing.
pub fn write_end_without(
    form: LogForm,
    reason: impl Serialize,
    missing: &[String],
    out: &mut Vec<u8>,
) {
    write_record(form, "end", &EndRecord { reason, missing }, out);
}

/// An event of a stream of them.
pub fn write_event(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    write_object(out, data);
    out.push(b'\n');
}

/// A JSON object on a line.
fn write_object(out: &mut Vec<u8>, object: &impl Serialize) {
    write_json(out, object);
    out.push(b'\n');
}

/// Writing our own values to a Vec cannot fail.
pub(super) fn write_json(out: &mut Vec<u8>, value: &impl Serialize) {
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok());
}

/// An instant in UTC, with nine digits and `Z` (RFC 3339).
pub(crate) fn utc_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
