//! An event of the audit of reading, and its line.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use pod_logs::{ReadCounts, mask_tokens};
use serde::Serialize;
use service_runtime::audit::{RepeatedEvent, milliseconds, write_line};
use uuid::Uuid;

use super::{options::ReadOptions, read_request::ReadRequest};
use crate::end_reason::EndReason;

/// The kind of an event. Its name on the wire is the variant in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadEventKind {
    /// A body has been open for a while.
    ReadOpened,
    /// A body has ended.
    Read,
    /// The permission is missing.
    ReadDenied,
    /// Refusals were not recorded: `count` of them.
    Dropped,
}

/// Why a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// The gateway ended it.
    Reason(EndReason),
    /// The client left.
    Client,
}

/// An event of the audit of reading.
#[derive(Debug, Clone)]
pub(crate) struct ReadEvent {
    pub(super) kind: ReadEventKind,
    pub(super) time: DateTime<Utc>,
    /// `None` if the event is about no single request.
    pub(super) request: Option<Arc<ReadRequest>>,
    /// Of the answer.
    pub(super) status: Option<u16>,
    /// Of a body that has ended.
    pub(super) outcome: Option<ReadOutcome>,
    /// How many more such events there were, the last of which this is.
    pub(super) count: Option<u64>,
}

/// What a body gave.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOutcome {
    pub(super) counts: ReadCounts,
    pub(super) end: ReadEnd,
}

impl ReadEnd {
    /// As it is called in records and in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.name(),
            Self::Client => "client",
        }
    }
}

impl ReadEvent {
    /// An event about a request, of which only the kind, the time and the status are known.
    pub(super) fn about(
        request: Arc<ReadRequest>,
        kind: ReadEventKind,
        time: DateTime<Utc>,
        status: u16,
    ) -> Self {
        let (request, status) = (Some(request), Some(status));
        Self { kind, time, request, status, outcome: None, count: None }
    }

    /// So many refusals were not recorded.
    pub(super) fn dropped(count: u64, time: DateTime<Utc>) -> Self {
        let (kind, count) = (ReadEventKind::Dropped, Some(count));
        Self { kind, time, request: None, status: None, outcome: None, count }
    }

    /// Appends its line. What a client chose is in it, so no token may pass.
    pub(super) fn write_to(&self, lines: &mut Vec<u8>) {
        let start = lines.len();
        write_line(&self.line(), lines);
        mask_tokens(&mut lines[start..]);
    }

    /// The object on its line.
    fn line(&self) -> ReadLine<'_> {
        let request = self.request.as_deref();
        let duration = |request: &ReadRequest| self.time - request.arrived;
        ReadLine {
            audit: self.kind,
            time: self.time,
            request: request.map(RequestFields::of),
            outcome: self.outcome.map(|outcome| OutcomeFields {
                bytes: outcome.counts.bytes,
                lines: outcome.counts.lines,
                masked: outcome.counts.masked,
                duration_ms: request.map(duration).as_ref().map_or(0, TimeDelta::num_milliseconds),
                end: outcome.end.name(),
            }),
            status: self.status,
            count: self.count,
        }
    }
}

impl RepeatedEvent for ReadEvent {
    fn time(&self) -> DateTime<Utc> {
        self.time
    }

    fn repeated(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }
}

/// A line, in the order in which it is written.
#[derive(Serialize)]
struct ReadLine<'a> {
    /// First, so that a line is recognised among others.
    audit: ReadEventKind,
    #[serde(serialize_with = "milliseconds")]
    time: DateTime<Utc>,
    #[serde(flatten)]
    request: Option<RequestFields<'a>>,
    #[serde(flatten)]
    outcome: Option<OutcomeFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

#[derive(Serialize)]
struct RequestFields<'a> {
    request_id: &'a str,
    user: &'a str,
    user_id: Option<Uuid>,
    session_id: Option<Uuid>,
    ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubectl_command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubectl_session: Option<&'a str>,
    namespace: &'a str,
    pod: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "ReadOptions::is_empty")]
    options: &'a ReadOptions,
}

impl<'a> RequestFields<'a> {
    fn of(request: &'a ReadRequest) -> Self {
        let target = &request.target;
        Self {
            request_id: &request.request_id,
            user: &request.user,
            user_id: request.user_id,
            session_id: request.session_id,
            ip: request.ip,
            user_agent: request.user_agent.as_deref(),
            kubectl_command: request.kubectl_command.as_deref(),
            kubectl_session: request.kubectl_session.as_deref(),
            namespace: &target.namespace,
            pod: &target.pod,
            pods: target.pods,
            container: target.container.as_deref(),
            uid: target.uid.as_deref(),
            node: target.node.as_deref(),
            options: &request.options,
        }
    }
}

#[derive(Serialize)]
struct OutcomeFields {
    /// As a limit counts them.
    bytes: u64,
    lines: u64,
    masked: u64,
    duration_ms: i64,
    end: &'static str,
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::ReadTarget;

    /// A moment in 2027.
    pub(in crate::audit) fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    pub(in crate::audit) fn request(user: &str, pod: &str) -> ReadRequest {
        ReadRequest {
            arrived: noon(),
            request_id: "r-1".into(),
            user: user.into(),
            user_id: Some(Uuid::from_u128(7)),
            session_id: None,
            ip: [192, 0, 2, 1].into(),
            user_agent: None,
            kubectl_command: None,
            kubectl_session: None,
            target: ReadTarget {
                namespace: "shop".to_owned(),
                pod: pod.to_owned(),
                ..ReadTarget::default()
            },
            options: ReadOptions::default(),
        }
    }

    pub(in crate::audit) fn denied(user: &str, pod: &str, time: DateTime<Utc>) -> ReadEvent {
        ReadEvent::about(request(user, pod).into(), ReadEventKind::ReadDenied, time, 403)
    }

    fn written(event: &ReadEvent) -> String {
        let mut line = Vec::new();
        event.write_to(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_read_is_a_json_line_that_begins_with_its_kind() {
        let mut request = request("key:ci", "web-1");
        request.user_agent = Some("curl/8".to_owned());
        request.target.container = Some("app".to_owned());
        request.target.uid = Some("u-1".to_owned());
        request.options = ReadOptions::of("tailLines=5", None);
        let time = noon() + TimeDelta::milliseconds(1234);
        let counts = ReadCounts { bytes: 10, lines: 2, masked: 1, gaps: 0 };
        let event = ReadEvent {
            outcome: Some(ReadOutcome { counts, end: ReadEnd::Client }),
            ..ReadEvent::about(request.into(), ReadEventKind::Read, time, 200)
        };
        let line = written(&event);
        assert!(
            line.starts_with(r#"{"audit":"read","time":"2027-01-15T08:00:01.234Z","#),
            "{line}"
        );
        let expected = json!({
            "audit": "read",
            "time": "2027-01-15T08:00:01.234Z",
            "request_id": "r-1",
            "user": "key:ci",
            "user_id": "00000000-0000-0000-0000-000000000007",
            "session_id": null,
            "ip": "192.0.2.1",
            "user_agent": "curl/8",
            "namespace": "shop",
            "pod": "web-1",
            "container": "app",
            "uid": "u-1",
            "options": {"tailLines": "5"},
            "bytes": 10,
            "lines": 2,
            "masked": 1,
            "duration_ms": 1234,
            "end": "client",
            "status": 200,
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), expected);
    }

    #[test]
    fn no_text_breaks_a_line() {
        for hostile in ["a\nb", "\r\n{\"audit\":\"read\"}", "\"}\0\u{1b}[2J", "\u{2028}ä🔒"] {
            let mut event = denied("ada", hostile, noon());
            event.count = Some(3);
            let line = written(&event);
            assert_eq!(line.matches(['\n', '\r']).count(), 1, "{line:?}");
            let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&parsed["pod"], &parsed["count"]), (&json!(hostile), &json!(3)));
        }
    }
}
