//! A record of a node's stream, parsed and checked.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use memchr::memchr;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    cursor::{Cursor, log_key::LogKey, merged_cursor::MergedCursor},
    line::{
        level::Level,
        log_line::{LineEnding, LogLine},
        stream::OutputStream,
        target::{ContainerName, LogName, PodRef, PodUid},
        time::LineTime,
    },
    render::{
        front_records::BeginRecord,
        objects::{ForFront, PodEvent},
    },
};

/// A record is none that a node writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadRecord;

/// A record of a node's stream.
#[derive(Debug)]
pub(super) enum FeedRecord {
    Line(Box<FeedLine>),
    Told(ToldRecord),
    Begin(BeginRecord),
    /// Everything that the node has was given.
    Live,
    Progress(FeedProgress),
    Checkpoint(MergedCursor),
    Watermark(DateTime<Utc>),
    End(String),
}

/// What is told beside the lines, and is passed on.
#[derive(Debug)]
pub(super) enum ToldRecord {
    Pod {
        event: PodEvent,
        name: LogName,
        restart: u32,
    },
    Gap(FeedGap),
    /// As the node wrote it.
    Volume(Box<RawValue>),
    /// A node cannot be read, with the status of its answer if there was one.
    Unreachable {
        node: usize,
        status: Option<u16>,
    },
}

/// Lines that were lost; unknown is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct FeedGap {
    pub(super) namespace: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) container: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) bytes: Option<u64>,
}

/// How far a node has read.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct FeedProgress {
    pub(super) cursor: Option<String>,
    pub(super) scanned_bytes: u64,
    pub(super) behind_bytes: u64,
}

/// A line of a node.
#[derive(Debug)]
pub(super) struct FeedLine {
    pub(super) time: LineTime,
    pub(super) stream: OutputStream,
    pub(super) pod: PodRef,
    pub(super) uid: PodUid,
    pub(super) container: ContainerName,
    pub(super) content: Vec<u8>,
    pub(super) ending: LineEnding,
    pub(super) level: Option<Level>,
    pub(super) hits: Vec<[usize; 2]>,
    /// As the node wrote it, and what it says.
    pub(super) cursor: Option<(String, Cursor)>,
    pub(super) is_continuation: bool,
    pub(super) masked: u64,
}

impl FeedLine {
    /// The key of its log.
    pub(super) fn key(&self) -> LogKey {
        let (pod, uid, container) = (self.pod.clone(), self.uid.clone(), self.container.clone());
        LogKey::of(&LogName { pod, uid, container })
    }

    pub(super) fn line(&self) -> LogLine<'_> {
        LogLine {
            time: self.time,
            stream: self.stream,
            content: &self.content,
            masked: self.masked,
            is_continuation: self.is_continuation,
            ending: self.ending,
        }
    }
}

/// A line as it is written, with fields that are not needed left out.
#[derive(Deserialize)]
struct LineFields<'a> {
    time: &'a str,
    stream: &'a str,
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
    message_base64: Option<&'a str>,
    #[serde(default)]
    partial: bool,
    level: Option<Level>,
    #[serde(default)]
    hits: Vec<[usize; 2]>,
    cursor: Option<&'a str>,
    #[serde(flatten)]
    front: ForFront,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtherFields<'a> {
    Pod(PodFields<'a>),
    Gap(FeedGap),
    /// Always true.
    Live(IgnoredAny),
    Progress(FeedProgress),
    Cursor(&'a str),
    Watermark(DateTime<Utc>),
    Begin(BeginRecord),
    End(EndFields),
    #[serde(borrow)]
    Volume(&'a RawValue),
}

#[derive(Deserialize)]
struct PodFields<'a> {
    event: PodEvent,
    namespace: &'a str,
    pod: &'a str,
    uid: &'a str,
    container: &'a str,
    restart: u32,
}

#[derive(Deserialize)]
struct EndFields {
    reason: String,
}

impl FeedRecord {
    /// Parses a record.
    pub(super) fn parse(record: &[u8]) -> Result<Self, BadRecord> {
        // Nodes escape it, and clients of event streams take it for the end of a line.
        if memchr(b'\r', record).is_some() {
            return Err(BadRecord);
        }
        // A line begins with its time; all others are objects with one member.
        if record.starts_with(b"{\"time\":") {
            let fields = serde_json::from_slice(record).map_err(|_| BadRecord)?;
            return FeedLine::of(fields).map(|line| Self::Line(line.into())).ok_or(BadRecord);
        }
        let fields = serde_json::from_slice(record).map_err(|_| BadRecord)?;
        Self::of(fields).ok_or(BadRecord)
    }

    fn of(fields: OtherFields<'_>) -> Option<Self> {
        Some(match fields {
            OtherFields::Pod(pod) => {
                let PodFields { event, restart, .. } = pod;
                Self::Told(ToldRecord::Pod { event, restart, name: pod.name()? })
            }
            OtherFields::Gap(gap) => Self::Told(ToldRecord::Gap(gap.checked()?)),
            OtherFields::Volume(volume) => Self::Told(ToldRecord::Volume(volume.to_owned())),
            OtherFields::Live(_) => Self::Live,
            OtherFields::Progress(progress) => Self::Progress(progress),
            OtherFields::Cursor(text) => Self::Checkpoint(MergedCursor::decode(text).ok()?),
            OtherFields::Watermark(time) => Self::Watermark(time),
            OtherFields::Begin(begin) => Self::Begin(begin),
            OtherFields::End(EndFields { reason }) => Self::End(reason),
        })
    }
}

impl FeedGap {
    /// The gap, if it has names and times where it has something.
    fn checked(self) -> Option<Self> {
        let times = [&self.from, &self.to].into_iter().flatten();
        let has_times = times.into_iter().all(|time| LineTime::parse(time.as_bytes()).is_some());
        let container = self.container.as_ref();
        let has_container = container.is_none_or(|name| name.parse::<ContainerName>().is_ok());
        let has_pod = self.namespace.is_none() == self.pod.is_none()
            && (self.pod.is_none() || self.pod_ref().is_some());
        (has_times && has_container && has_pod).then_some(self)
    }

    /// The pod, if it is known.
    pub(super) fn pod_ref(&self) -> Option<PodRef> {
        pod_ref(self.namespace.as_deref()?, self.pod.as_deref()?)
    }
}

impl PodFields<'_> {
    fn name(&self) -> Option<LogName> {
        Some(LogName {
            pod: pod_ref(self.namespace, self.pod)?,
            uid: self.uid.parse::<PodUid>().ok()?,
            container: self.container.parse().ok()?,
        })
    }
}

impl FeedLine {
    fn of(fields: LineFields<'_>) -> Option<Self> {
        let ForFront { stamp, uid, continued, unfinished, masked } = fields.front;
        let pod = pod_ref(fields.namespace, fields.pod)?;
        let container: ContainerName = fields.container.parse().ok()?;
        let cursor = match fields.cursor {
            Some(text) => {
                let cursor = Cursor::decode(text).ok()?;
                let is_of_line =
                    cursor.pod == Cursor::pod_checksum(&pod) && cursor.is_of(&container);
                is_of_line.then(|| Some((text.to_owned(), cursor)))?
            }
            None => None,
        };
        let uid = match &cursor {
            Some((_, cursor)) => cursor.uid.clone(),
            None => uid?.parse().ok()?,
        };
        let content = match (fields.message, fields.message_base64) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).ok()?,
            _ => return None,
        };
        if masked > content.len() as u64 {
            return None;
        }
        Some(Self {
            time: LineTime::parse(stamp.as_deref().unwrap_or(fields.time).as_bytes())?,
            stream: OutputStream::parse(fields.stream.as_bytes())?,
            pod,
            uid,
            container,
            content,
            ending: match (unfinished, fields.partial) {
                (true, false) => LineEnding::Unfinished,
                (false, true) => LineEnding::Continued,
                (false, false) => LineEnding::Newline,
                (true, true) => return None,
            },
            level: fields.level,
            hits: fields.hits,
            cursor,
            is_continuation: continued,
            masked,
        })
    }
}

fn pod_ref(namespace: &str, pod: &str) -> Option<PodRef> {
    Some(PodRef { namespace: namespace.parse().ok()?, pod: pod.parse().ok()? })
}
