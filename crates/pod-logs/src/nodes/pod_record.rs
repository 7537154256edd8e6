//! Checks the records of a body about one pod, which are passed on as they are.

use std::borrow::Cow;

use memchr::memchr;
use serde::{Deserialize, de::IgnoredAny};

use crate::line::target::PodRef;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodRecordKind {
    /// The pod that was asked for, or none.
    Fine,
    /// The end of the body, and its reason.
    End(String),
    /// It is about another pod, or none that a gateway writes.
    Wrong,
}

/// What an object is about, of those that `application/x-ndjson` has on its lines.
pub fn check_record(record: &[u8], pod: &PodRef) -> PodRecordKind {
    // A line begins with its time; all others are objects with one member.
    if record.starts_with(b"{\"time\":") {
        return line(record, pod);
    }
    match serde_json::from_slice(record) {
        Ok(Record::Pod(names) | Record::Gap(names)) => names.check(pod),
        Ok(Record::End(end)) => PodRecordKind::End(end.reason.into_owned()),
        Ok(Record::Live(_) | Record::Progress(_) | Record::Volume(_)) => PodRecordKind::Fine,
        Err(_) => PodRecordKind::Wrong,
    }
}

/// What an event of `text/event-stream` is about, without the empty line after it. Of the warnings
/// about tokens none is a node's.
pub fn check_event(event: &[u8], pod: &PodRef) -> PodRecordKind {
    // It would end a line, or an event, for a client.
    if memchr(b'\r', event).is_some() {
        return PodRecordKind::Wrong;
    }
    let (mut name, mut data) = (None, None);
    for line in event.split(|byte| *byte == b'\n') {
        let (field, value) = match memchr(b':', line) {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &b""[..]),
        };
        match field {
            b"event" if name.is_none() => name = Some(value),
            b"data" if data.is_none() => data = Some(value),
            // An id, and a comment.
            b"id" | b"" => {}
            _ => return PodRecordKind::Wrong,
        }
    }
    let Some(data) = data else {
        return PodRecordKind::Fine;
    };
    match name.unwrap_or_default() {
        b"" => line(data, pod),
        b"pod" | b"gap" => names(data, pod),
        b"end" => match serde_json::from_slice::<End>(data) {
            Ok(end) => PodRecordKind::End(end.reason.into_owned()),
            Err(_) => PodRecordKind::Wrong,
        },
        b"live" | b"progress" | b"volume" => match serde_json::from_slice::<IgnoredAny>(data) {
            Ok(_) => PodRecordKind::Fine,
            Err(_) => PodRecordKind::Wrong,
        },
        _ => PodRecordKind::Wrong,
    }
}

/// A line has the names of its pod.
fn line(record: &[u8], pod: &PodRef) -> PodRecordKind {
    match serde_json::from_slice::<Names>(record) {
        Ok(names) if names.namespace.is_some() && names.pod.is_some() => names.check(pod),
        _ => PodRecordKind::Wrong,
    }
}

fn names(record: &[u8], pod: &PodRef) -> PodRecordKind {
    match serde_json::from_slice::<Names>(record) {
        Ok(names) => names.check(pod),
        Err(_) => PodRecordKind::Wrong,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record<'a> {
    #[serde(borrow)]
    Pod(Names<'a>),
    #[serde(borrow)]
    Gap(Names<'a>),
    #[serde(borrow)]
    End(End<'a>),
    Live(IgnoredAny),
    Progress(IgnoredAny),
    Volume(IgnoredAny),
}

/// Unknown is null.
#[derive(Deserialize)]
struct Names<'a> {
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pod: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct End<'a> {
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

impl Names<'_> {
    fn check(&self, pod: &PodRef) -> PodRecordKind {
        let is = |found: &Option<Cow<'_, str>>, asked: &str| {
            found.as_deref().is_none_or(|found| found == asked)
        };
        let is_asked =
            is(&self.namespace, pod.namespace.as_str()) && is(&self.pod, pod.pod.as_str());
        if is_asked { PodRecordKind::Fine } else { PodRecordKind::Wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::{PodRecordKind::*, *};

    fn pod() -> PodRef {
        PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
    }

    const LINE: &str = r#"{"time":"2026-11-01T10:00:00Z","namespace":"shop","pod":"web","message":"\"pod\":\"db\""}"#;

    #[test]
    fn a_record_is_about_the_pod_or_none() {
        let end = || End("container_exit".to_owned());
        for (record, expected) in [
            (LINE, Fine),
            (r#"{"pod":{"event":"opened","namespace":"shop","pod":"web"}}"#, Fine),
            (r#"{"gap":{"namespace":null,"pod":null,"bytes":7}}"#, Fine),
            (r#"{"live":true}"#, Fine),
            (r#"{"progress":{"matched":1}}"#, Fine),
            (r#"{"volume":{"lines":1}}"#, Fine),
            (r#"{"end":{"reason":"container_exit"}}"#, end()),
            (&LINE.replace("web", "db"), Wrong),
            (&LINE.replace("shop", "bank"), Wrong),
            (r#"{"pod":{"event":"opened","namespace":"shop","pod":"db"}}"#, Wrong),
            (r#"{"gap":{"namespace":"bank","pod":"web"}}"#, Wrong),
            (r#"{"time":"2026"#, Wrong),
            (r#"{"time":"2026-11-01T10:00:00Z","message":"m"}"#, Wrong),
            (r#"{"time":"2026-11-01T10:00:00Z","namespace":"shop","pod":null}"#, Wrong),
            (r#"{"auth":{}}"#, Wrong),
            ("", Wrong),
            ("lines", Wrong),
        ] {
            assert_eq!(check_record(record.as_bytes(), &pod()), expected, "{record}");
        }
    }

    #[test]
    fn an_event_is_about_the_pod_or_none() {
        for (event, expected) in [
            (format!("id: x\ndata: {LINE}"), Fine),
            (format!("data: {LINE}"), Fine),
            ("id: x".to_owned(), Fine),
            (": still here".to_owned(), Fine),
            ("event: live\ndata: true".to_owned(), Fine),
            ("event: gap\ndata: {\"namespace\":\"shop\",\"pod\":\"web\"}".to_owned(), Fine),
            ("event: end\ndata: {\"reason\":\"limit\"}".to_owned(), End("limit".to_owned())),
            (format!("id: x\ndata: {}", LINE.replace("web", "db")), Wrong),
            ("event: pod\ndata: {\"namespace\":\"bank\",\"pod\":\"web\"}".to_owned(), Wrong),
            ("event: end\ndata: {}".to_owned(), Wrong),
            ("event: live\ndata: tr".to_owned(), Wrong),
            ("lines".to_owned(), Wrong),
            // A client would take the one for two events, and the other for the front's word.
            (format!(": x\rdata: {}\r\r", LINE.replace("web", "db")), Wrong),
            ("event: auth\ndata: {\"state\":\"ended\"}".to_owned(), Wrong),
            ("event: other\ndata: {}".to_owned(), Wrong),
            ("event: live\nevent: pod\ndata: true".to_owned(), Wrong),
            (format!("data: {LINE}\ndata: {LINE}"), Wrong),
            ("data: {\"message\":\"m\"}".to_owned(), Wrong),
        ] {
            assert_eq!(check_event(event.as_bytes(), &pod()), expected, "{event}");
        }
    }
}
