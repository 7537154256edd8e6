//! A reader of many pods of the fake API server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::DateTime;
use futures_util::future::select_all;
use serde_json::Value;
use tokio::time::timeout;

use super::{fake_server::FakeServer, reading::PATIENCE};
use crate::{
    ClusterPods, ContainerChoice, History, ImpersonatedUser, LocateError, LogEnd, LogForm,
    LogQuery, LogReading, LogSelection, ManyPods, MergeClock, MergedCursor, PodPredicate, PodRef,
    Progress, SelectError, WatchedPods,
};

/// What is asked for: the checksum of all cursors.
const CHOICE: u32 = 7;

/// The pods of the fake API server as a gateway knows them.
pub(super) struct ManyScene {
    pub(super) server: FakeServer,
    pods: Arc<ClusterPods>,
    clock: MergeClock,
    pub(super) max_logs: usize,
}

/// A reading of many logs, and what it gave so far.
pub(super) struct ManyReading {
    reading: LogReading,
    pub(super) records: Vec<Value>,
    pub(super) end: Option<LogEnd>,
}

/// The query for all that is there.
pub(super) fn query() -> LogQuery {
    LogQuery { history: History::Current, is_of_many: true, ..LogQuery::default() }
}

pub(super) fn follow() -> LogQuery {
    LogQuery { follow: true, ..query() }
}

/// All pods.
pub(super) fn all() -> PodPredicate {
    Arc::new(|_| true)
}

/// The pods of these names.
pub(super) fn only(names: &'static [&'static str]) -> PodPredicate {
    Arc::new(|pod| names.contains(&pod.pod.as_str()))
}

impl ManyScene {
    /// With these pods.
    pub(super) async fn with(names: &[&str]) -> Self {
        let server = FakeServer::without_pods().await;
        names.iter().for_each(|name| server.add_pod(name, &format!("uid-{name}")));
        // Each look is half a second after the one before, so that no line waits for long.
        let looks = AtomicI64::new(0);
        let begin = 1_793_530_000_000;
        let clock = MergeClock::new(move || {
            let looks = looks.fetch_add(1, Ordering::Relaxed);
            DateTime::from_timestamp_millis(begin + 500 * looks).unwrap()
        });
        let pods = ClusterPods::watched(server.server.clone(), clock.clone());
        let listed = async {
            while pods.check().is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, listed).await.expect("the pods are not listed");
        Self { server, pods, clock, max_logs: 100 }
    }

    /// With these pods, which are known as a user may list them.
    pub(super) async fn of_user(names: &[&str]) -> Self {
        let scene = Self::with(names).await;
        let user = ImpersonatedUser { user: "sso:alice".to_owned(), groups: Vec::new() };
        let server = scene.server.server.for_user(Some(user));
        let pods = ClusterPods::of_user(server, scene.clock.clone(), &[]);
        pods.refresh().await.unwrap();
        Self { pods, ..scene }
    }

    fn many(&self, may_read: PodPredicate, after: Option<&str>) -> ManyPods {
        ManyPods {
            pods: self.pods.clone(),
            selection: LogSelection {
                includes: all(),
                may_read,
                labels: None,
                container: None,
                max_logs: self.max_logs,
                checksum: CHOICE,
            },
            resumed: after.map(|cursor| MergedCursor::decode(cursor).unwrap()),
            clock: self.clock.clone(),
        }
    }

    pub(super) async fn open(
        &self,
        query: &LogQuery,
        may_read: PodPredicate,
        after: Option<&str>,
    ) -> Result<ManyReading, SelectError> {
        let many = self.many(may_read, after);
        let located = self.server.source.open_many(many, query, None).await?;
        let clock = self.clock.clone();
        let reading = LogReading::of_many(located, query, LogForm::JsonLines, clock);
        let reading = reading.map_err(LocateError::from)?;
        Ok(ManyReading { reading, records: Vec::new(), end: None })
    }

    /// The reading of all pods, behind a checkpoint.
    pub(super) async fn read(&self, query: &LogQuery, after: Option<&str>) -> ManyReading {
        self.open(query, all(), after).await.unwrap()
    }

    /// The same of pods with a label.
    pub(super) async fn read_labelled(&self, label: &'static str) -> ManyReading {
        let mut many = self.many(all(), None);
        many.selection.labels = Some(Arc::new(move |labels| labels.contains_key(label)));
        let located = self.server.source.open_many(many, &follow(), None).await.unwrap();
        let clock = self.clock.clone();
        let reading = LogReading::of_many(located, &follow(), LogForm::JsonLines, clock).unwrap();
        ManyReading { reading, records: Vec::new(), end: None }
    }

    /// A follow of all containers of one pod.
    pub(super) async fn follow_pod(&self, name: &str) -> ManyReading {
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: name.parse().unwrap() };
        let container = ContainerChoice::All;
        let query = LogQuery { container, is_of_many: false, ..follow() };
        let watched = self.watched();
        let located = self.server.source.open_watched(&pod, &query, None, &watched).await.unwrap();
        let clock = self.clock.clone();
        let reading = LogReading::of_lines(located, &query, LogForm::JsonLines, clock).unwrap();
        ManyReading { reading, records: Vec::new(), end: None }
    }

    pub(super) fn watched(&self) -> WatchedPods {
        WatchedPods { pods: self.pods.clone(), clock: self.clock.clone() }
    }

    /// Waits until the watch of the pods has told that a pod is gone.
    pub(super) async fn until_gone(&self, name: &str) {
        let told = async {
            while self.pods.inventory().all().values().any(|pod| pod.pod.pod.as_str() == name) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, told).await.expect("the end of the pod is not told of");
    }

    /// Waits until the watch of the pods has told of a pod that comes now.
    pub(super) async fn until_told(&self, name: &str) {
        let is_known = || {
            let known = self.pods.inventory().all();
            known.values().any(|pod| pod.pod.pod.as_str() == name)
        };
        let told = async {
            while !is_known() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, told).await.expect("the pod is not told of");
    }
}

impl ManyReading {
    /// Decides anew what may be read.
    pub(super) fn restrict(&mut self, may_read: &PodPredicate) {
        self.reading.restrict(may_read);
    }

    /// Reads until this is true of what came, or the end.
    #[track_caller]
    pub(super) fn until(
        &mut self,
        what: &str,
        is_there: impl Fn(&Self) -> bool,
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let reading = async {
                while self.end.is_none() && !is_there(self) {
                    self.step().await;
                }
            };
            let is_in_time = timeout(PATIENCE, reading).await.is_ok();
            assert!(is_in_time, "{caller}: {what} does not come: {:#?}", self.records);
        }
    }

    /// Reads until so many lines have come.
    #[track_caller]
    pub(super) fn read_lines(&mut self, lines: usize) -> impl Future<Output = ()> {
        self.until("a line", move |reading| reading.lines().len() >= lines)
    }

    /// Reads until such an event of a pod has come.
    #[track_caller]
    pub(super) fn read_event(&mut self, event: &str, pod: &str) -> impl Future<Output = ()> {
        let (event, pod) = (event.to_owned(), pod.to_owned());
        self.until("the event", move |reading| reading.has_event(&event, &pod))
    }

    /// Reads until the end.
    pub(super) async fn read_all(&mut self) {
        self.until("the end", |_| false).await;
    }

    async fn step(&mut self) {
        let mut changes = self.reading.changes();
        let mut chunk = Vec::new();
        let progress = self.reading.write_chunk(&mut chunk).unwrap();
        let records = serde_json::Deserializer::from_slice(&chunk).into_iter();
        self.records.extend(records.map(Result::unwrap));
        match progress {
            Progress::Done(end) => self.end = Some(end),
            Progress::More => {}
            // Lines are due at a later look.
            Progress::CaughtUp if self.reading.holds_lines() => tokio::task::yield_now().await,
            Progress::CaughtUp => {
                let changes = changes.iter_mut().map(|change| Box::pin(change.changed()));
                // As a stream looks again when nothing is told.
                let _ = timeout(Duration::from_secs(1), select_all(changes)).await;
            }
        }
    }

    pub(super) fn has_event(&self, event: &str, pod: &str) -> bool {
        let mut events = self.records.iter().map(|record| &record["pod"]);
        events.any(|told| told["event"] == event && told["pod"] == pod)
    }

    /// The lines so far.
    pub(super) fn lines(&self) -> Vec<&str> {
        self.records.iter().filter_map(|record| record["message"].as_str()).collect()
    }

    pub(super) fn gaps(&self) -> usize {
        self.records.iter().filter(|record| record.get("gap").is_some()).count()
    }

    /// The last checkpoint, and how many records came before it.
    pub(super) fn checkpoint(&self) -> Option<(usize, String)> {
        let is_checkpoint = |record: &Value| record.get("message").is_none();
        let at = self
            .records
            .iter()
            .rposition(|record| is_checkpoint(record) && record.get("cursor").is_some())?;
        Some((at, self.records[at]["cursor"].as_str()?.to_owned()))
    }

    /// Where to go on behind all that came.
    pub(super) fn after(&self) -> String {
        self.checkpoint().unwrap().1
    }
}
