//! The pods that a caller may read, and what changes about them.

#[cfg(test)]
mod pod_stream_tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::pending,
    io, mem,
    sync::Arc,
    time::Duration,
};

use pod_logs::{PodChange, PodRef, PodSummaries, PodSummary, PodWatch, TooOld};
use service_runtime::telemetry::RequestSpan;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

use super::{catalog::PodCatalog, pod_choice::PodChoice};
use crate::auth::Caller;

/// How often sizes and times of pods are looked at.
const SIZES_LOOK: Duration = Duration::from_secs(10);
/// How often a stream says that it is still there if the caller does not say how often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many news are given at once, which bounds the events in memory.
const NEWS_AT_ONCE: usize = 64;

/// What there is to tell of pods.
#[derive(Debug)]
pub(crate) enum PodNews {
    Added(Arc<PodSummary>),
    Changed(Arc<PodSummary>),
    /// As it was at last.
    Removed(Arc<PodSummary>),
    /// All that there was has been told.
    Synced,
    /// As often as the caller asked for it.
    Heartbeat,
    /// Nothing was told for a while.
    StillHere,
}

/// Gives the news to one caller, at its own pace: it looks again only when what it found was taken.
pub(crate) struct PodStream {
    catalog: PodCatalog,
    choice: PodChoice,
    /// The caller as the authority described it last.
    caller: watch::Receiver<Caller>,
    watching: PodWatch,
    /// What the caller knows, when `news` are taken.
    shown: BTreeMap<PodRef, Arc<PodSummary>>,
    news: VecDeque<PodNews>,
    next_sizes: Instant,
    /// When pods were last looked at because they had changed. What was seen before is too old.
    last_look: Instant,
    heartbeat: Option<Duration>,
    next_heartbeat: Instant,
}

impl PodStream {
    /// Begins with everything that there is.
    ///
    /// # Errors
    /// When the pods cannot be looked up.
    pub(crate) async fn open(
        catalog: PodCatalog,
        choice: PodChoice,
        caller: watch::Receiver<Caller>,
        heartbeat: Option<Duration>,
    ) -> io::Result<Self> {
        // What changes after this is told by the watch.
        let watching = watch_from_now(&catalog).await?;
        let now = Instant::now();
        let mut stream = Self {
            catalog,
            choice,
            caller,
            watching,
            shown: BTreeMap::new(),
            news: VecDeque::new(),
            next_sizes: now + SIZES_LOOK,
            last_look: now,
            heartbeat,
            next_heartbeat: now + heartbeat.unwrap_or(HEARTBEAT),
        };
        let pods = stream.look(Duration::ZERO).await?;
        stream.compare(&pods);
        stream.news.push_back(PodNews::Synced);
        Ok(stream)
    }

    /// The next news, one at least; waits for them.
    pub(crate) async fn next(&mut self) -> Vec<PodNews> {
        while self.news.is_empty() {
            self.wait().await;
        }
        let count = self.news.len().min(NEWS_AT_ONCE);
        if self.heartbeat.is_none() {
            self.next_heartbeat = Instant::now() + HEARTBEAT;
        }
        self.news.drain(..count).collect()
    }

    async fn wait(&mut self) {
        let caller = &mut self.caller;
        let changed_permissions = async {
            // Without the sender the stream is about to end.
            if caller.changed().await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = sleep_until(self.next_heartbeat) => self.beat(),
            () = changed_permissions => self.look_at_all().await,
            changes = self.watching.next() => self.take(changes).await,
            () = sleep_until(self.next_sizes) => {
                self.next_sizes = Instant::now() + SIZES_LOOK;
                self.look_at_all().await;
            }
        }
    }

    fn beat(&mut self) {
        self.next_heartbeat = Instant::now() + self.heartbeat.unwrap_or(HEARTBEAT);
        let is_asked_for = self.heartbeat.is_some();
        self.news.push_back(if is_asked_for { PodNews::Heartbeat } else { PodNews::StillHere });
    }

    async fn take(&mut self, changes: Result<Vec<PodChange>, TooOld>) {
        match changes {
            Ok(changes) => self.look_at_some(changes).await,
            // The caller was away for long.
            Err(TooOld) => match watch_from_now(&self.catalog).await {
                Ok(watching) => {
                    self.watching = watching;
                    self.last_look = Instant::now();
                    self.look_at_all().await;
                }
                Err(error) => note_failure(&error),
            },
        }
    }

    /// Looks at the pods that changed.
    async fn look_at_some(&mut self, changes: Vec<PodChange>) {
        let names: BTreeSet<PodRef> =
            changes.into_iter().map(|change| change.pod.pod.clone()).collect();
        let names: BTreeSet<PodRef> = names.into_iter().filter(|pod| self.may_show(pod)).collect();
        if names.is_empty() {
            return;
        }
        let (catalog, wanted) = (self.catalog.clone(), names.clone());
        match off_thread(move || catalog.pods_named(&wanted)).await {
            Ok(found) => {
                let mut found: BTreeMap<PodRef, Arc<PodSummary>> =
                    found.into_iter().map(|pod| (pod.pod.clone(), pod)).collect();
                for name in names {
                    let now = found.remove(&name);
                    self.note(&name, now);
                }
                self.last_look = Instant::now();
            }
            Err(error) => note_failure(&error),
        }
    }

    /// Looks at all pods, or takes what was seen for another stream lately.
    async fn look_at_all(&mut self) {
        let max_age = self.last_look.elapsed().min(SIZES_LOOK);
        match self.look(max_age).await {
            Ok(pods) => self.compare(&pods),
            Err(error) => note_failure(&error),
        }
    }

    async fn look(&self, max_age: Duration) -> io::Result<PodSummaries> {
        let catalog = self.catalog.clone();
        off_thread(move || catalog.pods_lately(max_age)).await
    }

    fn compare(&mut self, pods: &PodSummaries) {
        let mut gone = mem::take(&mut self.shown);
        for pod in pods.iter() {
            if !self.may_show(&pod.pod) {
                continue;
            }
            if let Some(before) = gone.remove(&pod.pod) {
                self.shown.insert(pod.pod.clone(), before);
            }
            self.note(&pod.pod, Some(pod.clone()));
        }
        self.news.extend(gone.into_values().map(PodNews::Removed));
    }

    /// Notes how a pod is now; `None` if it is not there.
    fn note(&mut self, name: &PodRef, now: Option<Arc<PodSummary>>) {
        let before = self.shown.remove(name);
        if let Some(now) = &now {
            self.shown.insert(name.clone(), now.clone());
        }
        self.news.extend(match (before, now) {
            (None, Some(now)) => Some(PodNews::Added(now)),
            (Some(before), Some(now)) if before != now => Some(PodNews::Changed(now)),
            (Some(before), None) => Some(PodNews::Removed(before)),
            _ => None,
        });
    }

    fn may_show(&self, pod: &PodRef) -> bool {
        self.choice.includes(pod) && self.caller.borrow().may_read(pod).is_ok()
    }
}

/// Begins to wait for what changes from now on.
async fn watch_from_now(catalog: &PodCatalog) -> io::Result<PodWatch> {
    let catalog = catalog.clone();
    off_thread(move || catalog.watch_from_now()).await
}

/// Looks at files on a thread that serves no requests.
async fn off_thread<T: Send + 'static>(
    look: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let span = RequestSpan::current();
    spawn_blocking(move || span.in_scope(look)).await.map_err(io::Error::other)?
}

/// The stream goes on with what it knows: the next look may succeed.
fn note_failure(error: &io::Error) {
    tracing::debug!(%error, "cannot look at pods for a stream of them");
}
