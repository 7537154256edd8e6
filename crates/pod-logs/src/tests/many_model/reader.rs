//! The gateway and its readers of many logs.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    node::{ModelPods, incarnation, pod_name},
    received::{Received, ReceivedLog},
    record::{ModelRecord, records},
};
use crate::{
    LogForm, LogReading, LogSelection, MergeClock, MergedCursor, PodPredicate, SelectError,
    chunk::Progress,
    line::target::PodRef,
    query::{LogQuery, OutputLimit},
    source::files::{files_source::FilesSource, follow::log_update::GRACE},
    tests::follow_model::node::ModelClock,
};

const MAX_LOGS: usize = 5;
/// A reader that leaves goes back to one of so many checkpoints.
const MAX_CHECKPOINTS: usize = 4;

pub(super) struct ManyGateway {
    root: PathBuf,
    source: FilesSource,
    clock: ModelClock,
    now: Instant,
    forbidden: BTreeSet<String>,
}

impl ManyGateway {
    pub(super) fn new(root: &Path, clock: ModelClock) -> Self {
        Self {
            root: root.to_owned(),
            source: FilesSource::open_unwatched(root).unwrap(),
            clock,
            now: Instant::now(),
            forbidden: BTreeSet::new(),
        }
    }

    pub(super) fn restart(&mut self) {
        self.source = FilesSource::open_unwatched(&self.root).unwrap();
    }

    /// Looks at logs and pods.
    pub(super) fn look(&mut self) {
        for _ in 0..2 {
            // A log that gets another reader is looked at as of now.
            self.now = self.now.max(Instant::now()) + GRACE + Duration::from_millis(1);
            self.source.finder().look_at_followed(self.now);
        }
        self.source.survey(self.clock.now()).unwrap();
    }

    pub(super) fn permit(&mut self, pod: usize, may_read: bool) {
        match may_read {
            true => self.forbidden.remove(&pod_name(pod)),
            false => self.forbidden.insert(pod_name(pod)),
        };
    }

    fn may_read(&self) -> PodPredicate {
        let forbidden = self.forbidden.clone();
        Arc::new(move |pod: &PodRef| !forbidden.contains(pod.pod.as_str()))
    }

    fn open(
        &self,
        query: &LogQuery,
        cursor: Option<&MergedCursor>,
        form: LogForm,
    ) -> Result<LogReading, SelectError> {
        let selection = LogSelection {
            includes: Arc::new(|_| true),
            may_read: self.may_read(),
            labels: None,
            container: None,
            max_logs: MAX_LOGS,
            checksum: 7,
        };
        let told = self.clock.clone();
        let clock = MergeClock::new(move || told.now());
        let located = self.source.find_many(selection, query, cursor, &clock)?;
        Ok(LogReading::of_many(located, query, form, clock).unwrap())
    }
}

/// A reader, and what it was given.
pub(super) struct ManyReader {
    form: LogForm,
    /// `None` while it is away.
    stream: Option<LogReading>,
    has_come: bool,
    received: Received,
    /// What was received up to each of the last checkpoints.
    checkpoints: Vec<(String, Received)>,
}

impl ManyReader {
    /// A reader that has not come yet.
    pub(super) fn of(form: LogForm) -> Self {
        let (received, checkpoints) = (Received::default(), Vec::new());
        Self { form, stream: None, has_come: false, received, checkpoints }
    }

    pub(super) fn come(&mut self, gateway: &ManyGateway, pods: &ModelPods, tail: Option<u64>) {
        *self = Self { has_come: true, ..Self::of(self.form) };
        for log in pods.logs().keys() {
            let begins_here = ReceivedLog { may_miss: true, ..ReceivedLog::default() };
            self.received.logs.insert(log.clone(), begins_here);
        }
        let query = LogQuery { follow: true, is_of_many: true, tail, ..LogQuery::default() };
        match gateway.open(&query, None, self.form) {
            Ok(stream) => self.stream = Some(stream),
            Err(SelectError::TooManyLogs) => self.has_come = false,
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) fn leave(&mut self, back: usize) {
        if self.stream.take().is_some() || back > 0 {
            let kept = self.checkpoints.len().saturating_sub(back).max(1);
            self.checkpoints.truncate(kept);
        }
        match self.checkpoints.last() {
            Some((_, received)) => self.received = received.clone(),
            // It was never told where to go on.
            None => self.has_come = false,
        }
    }

    pub(super) fn restrict(&mut self, gateway: &ManyGateway, pods: &ModelPods, pod: usize) {
        let Some(stream) = &mut self.stream else { return };
        stream.restrict(&gateway.may_read());
        // What is written meanwhile is not given.
        for log in pods.logs().keys().filter(|(name, _)| *name == pod_name(pod)) {
            self.received.logs.entry(log.clone()).or_default().may_miss = true;
        }
    }

    /// Reads what there is, and checks it. Resumes first if it is away.
    pub(super) fn follow(&mut self, gateway: &ManyGateway, pods: &ModelPods) {
        if !self.has_come {
            return self.come_back(gateway, pods);
        }
        if self.stream.is_none() {
            self.stream = Some(self.resume(gateway, true, None));
        }
        self.read(gateway, pods);
    }

    fn come_back(&mut self, gateway: &ManyGateway, pods: &ModelPods) {
        self.come(gateway, pods, None);
        if self.has_come {
            self.read(gateway, pods);
        }
    }

    /// Reads a page behind the last checkpoint.
    pub(super) fn page(&mut self, gateway: &ManyGateway, pods: &ModelPods, lines: u64) {
        self.leave(0);
        if self.has_come {
            self.stream = Some(self.resume(gateway, false, Some(lines)));
            self.read(gateway, pods);
            self.leave(0);
        }
    }

    fn resume(&self, gateway: &ManyGateway, follow: bool, lines: Option<u64>) -> LogReading {
        let (text, _) = self.checkpoints.last().unwrap();
        let cursor = MergedCursor::decode(text).unwrap();
        let limit = OutputLimit { lines, bytes: None };
        let query = LogQuery { follow, is_of_many: true, limit, ..LogQuery::default() };
        gateway.open(&query, Some(&cursor), self.form).unwrap()
    }

    fn read(&mut self, gateway: &ManyGateway, pods: &ModelPods) {
        let mut progress = Progress::More;
        while progress == Progress::More {
            let mut body = Vec::new();
            progress = self.stream.as_mut().unwrap().write_chunk(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            for record in records(self.form, &body) {
                self.take(record, gateway, pods);
            }
        }
        assert!(!self.checkpoints.is_empty(), "no checkpoint at the beginning");
    }

    fn take(&mut self, record: ModelRecord, gateway: &ManyGateway, pods: &ModelPods) {
        match record {
            ModelRecord::Line { log, time, message, is_late, is_whole } => {
                assert!(!gateway.forbidden.contains(&log.0), "{log:?} is forbidden");
                self.received.check_time(time, is_late || pods.ran_back);
                self.received.take_line(&log, &message, is_whole, pods);
            }
            ModelRecord::Pod { event, log, incarnation } => {
                self.received.take_event(&event, log, incarnation, pods);
            }
            ModelRecord::Gap { log: Some(log) } => {
                self.received.logs.entry(log).or_default().may_miss = true;
            }
            ModelRecord::Gap { log: None } => {
                self.received.lose_forbidden(&gateway.forbidden, pods);
                let is_explained = !gateway.forbidden.is_empty() || !pods.deleted.is_empty();
                assert!(is_explained, "a gap without a loss");
            }
            ModelRecord::Checkpoint(cursor) => {
                if self.checkpoints.len() == MAX_CHECKPOINTS {
                    self.checkpoints.remove(0);
                }
                self.checkpoints.push((cursor, self.received.clone()));
            }
            ModelRecord::Other => {}
        }
    }

    /// It has got the last line of each log, or was told that there is more that it cannot have.
    pub(super) fn check_end(&self, pods: &ModelPods) {
        if !self.has_come {
            return;
        }
        for (log, node) in pods.logs() {
            let of = incarnation(node.written);
            if self.received.skipped.contains(&of) {
                continue;
            }
            let received = self.received.logs.get(log).cloned().unwrap_or_default();
            let is_at_end = received.last.get(&of) == Some(&node.written);
            assert!(is_at_end, "{log:?}: {received:?} of {}", node.written);
        }
    }
}
