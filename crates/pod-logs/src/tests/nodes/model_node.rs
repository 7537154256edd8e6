//! A node: pods that write, a gateway, and its stream to a front.

use std::{
    fs::{self, File},
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::SecondsFormat;
use tempfile::TempDir;

use crate::{
    LogForm, LogReading, LogSelection, MergeClock, MergedCursor, Progress,
    query::LogQuery,
    source::files::{files_source::FilesSource, follow::log_update::GRACE},
    tests::follow_model::node::{ModelClock, at},
};

pub(super) const SELECTION: u32 = 7;
pub(super) const MAX_LOGS: usize = 50;

pub(super) struct ModelNode {
    name: String,
    root: TempDir,
    source: FilesSource,
    clock: ModelClock,
    now: Instant,
    pub(super) pods: Vec<ModelPod>,
    /// `None` while the connection is cut.
    stream: Option<LogReading>,
    /// What was sent and not received.
    wire: Vec<u8>,
    has_ended: bool,
}

/// A pod of one container.
pub(super) struct ModelPod {
    pub(super) name: String,
    file: File,
    /// How many lines were written.
    pub(super) written: u64,
    /// The time of the last one, in nanoseconds. The times of a pod never run back.
    last: u64,
}

impl ModelNode {
    pub(super) fn new(name: &str, clock: ModelClock) -> Self {
        let root = tempfile::tempdir().unwrap();
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        Self {
            name: name.to_owned(),
            root,
            source,
            clock,
            now: Instant::now(),
            pods: Vec::new(),
            stream: None,
            wire: Vec::new(),
            has_ended: false,
        }
    }

    pub(super) fn make_pod(&mut self) {
        let name = format!("{}-{}", self.name, self.pods.len());
        let directory = self.root.path().join(format!("shop_{name}_u{name}/app"));
        fs::create_dir_all(&directory).unwrap();
        let file = File::create(directory.join("0.log")).unwrap();
        self.pods.push(ModelPod { name, file, written: 0, last: 0 });
        self.write(self.pods.len() - 1, 0);
    }

    /// Writes a line that is so many nanoseconds older than now, if the pod may write that.
    pub(super) fn write(&mut self, pod: usize, age: u64) {
        let count = self.pods.len();
        let Some(pod) = (count > 0).then(|| &mut self.pods[pod % count]) else {
            return;
        };
        pod.written += 1;
        pod.last = self.clock.next().saturating_sub(age).max(pod.last + 1);
        let time = at(pod.last).to_rfc3339_opts(SecondsFormat::Nanos, true);
        writeln!(pod.file, "{time} stdout F {}", pod.written).unwrap();
    }

    /// Writes a line whose end does not come.
    pub(super) fn write_unfinished(&mut self, pod: usize) {
        let pod = &mut self.pods[pod];
        let time = at(self.clock.next()).to_rfc3339_opts(SecondsFormat::Nanos, true);
        write!(pod.file, "{time} stdout F unfinished").unwrap();
    }

    pub(super) fn look(&mut self) {
        for _ in 0..2 {
            self.now = self.now.max(Instant::now()) + GRACE + Duration::from_millis(1);
            self.source.finder().look_at_followed(self.now);
        }
        self.source.survey(self.clock.now()).unwrap();
    }

    pub(super) fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    pub(super) fn cut(&mut self) {
        self.stream = None;
        self.wire.clear();
    }

    pub(super) fn open(&mut self, query: &LogQuery, cursor: Option<&str>) {
        let selection = LogSelection {
            includes: Arc::new(|_| true),
            may_read: Arc::new(|_| true),
            labels: None,
            container: None,
            max_logs: MAX_LOGS,
            checksum: SELECTION,
        };
        let told = self.clock.clone();
        let clock = MergeClock::new(move || told.now());
        let cursor = cursor.map(|text| MergedCursor::decode(text).unwrap());
        let mut query = LogQuery { for_front: true, is_of_many: true, ..query.clone() };
        if cursor.is_some() {
            query.tail = None;
        }
        let located = self.source.find_many(selection, &query, cursor.as_ref(), &clock).unwrap();
        let reading = LogReading::of_many(located, &query, LogForm::JsonLines, clock).unwrap();
        (self.stream, self.has_ended) = (Some(reading), false);
    }

    /// Reads on, and gives at most so much of what is on the wire.
    pub(super) fn send(&mut self, most: usize) -> Option<Bytes> {
        let stream = self.stream.as_mut().filter(|_| !self.has_ended);
        if let Some(stream) = stream {
            match stream.write_chunk(&mut self.wire).unwrap() {
                Progress::More => {}
                Progress::CaughtUp => stream.write_watermark(&mut self.wire),
                Progress::Done(end) => {
                    self.has_ended = true;
                    crate::write_end(LogForm::JsonLines, end, &mut self.wire);
                }
            }
        }
        let length = self.wire.len().min(most);
        (length > 0).then(|| self.wire.drain(..length).collect::<Vec<u8>>().into())
    }
}
