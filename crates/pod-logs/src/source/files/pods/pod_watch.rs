//! Waiting for pods to come and go. One task looks for all that wait, for as long as any does.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{sync::watch, task::spawn_blocking};
use tracing::{Instrument, Span, error_span};

use super::{inventory::TooOld, pod_change::PodChange, pod_inventory::PodInventory};
use crate::source::files::watching::directory_watch::{FORCED_LOOK, WatchedDirectories};

/// How long changes are gathered before the next look.
const GATHER: Duration = Duration::from_millis(100);

/// Gives the changes of pods to one reader, at its own pace.
#[derive(Debug)]
pub struct PodWatch {
    pods: Arc<PodInventory>,
    news: watch::Receiver<u64>,
    /// All changes up to this one were given.
    position: u64,
    /// Counts the watch as long as it is there.
    _counted: Arc<()>,
}

impl PodWatch {
    /// Begins to wait for what changes after this version of the survey. `now` tells the time.
    ///
    /// # Errors
    /// When that is not known.
    pub(crate) fn begin(
        pods: &Arc<PodInventory>,
        position: u64,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, TooOld> {
        pods.inventory.since(position)?;
        let news = pods.inventory.news();
        let counted = Arc::default();
        if pods.watches().add(&counted) {
            tokio::spawn(
                survey_while_watched(pods.clone(), now).instrument(error_span!("pod_survey")),
            );
        }
        Ok(Self { pods: pods.clone(), news, position, _counted: counted })
    }

    /// All changes up to this version were given.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The changes up to now, maybe none. The position is then one that no caller was given before,
    /// so that it reveals nothing of other changes.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered.
    pub fn catch_up(&mut self, now: DateTime<Utc>) -> Result<Vec<PodChange>, TooOld> {
        let (changes, position) = self.pods.inventory.since_as_of(self.position, now)?;
        self.position = position;
        Ok(changes)
    }

    /// The changes since the last call, maybe none.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered. The next call tells what changes
    /// after this one.
    pub(crate) fn take(&mut self) -> Result<Vec<PodChange>, TooOld> {
        let taken = self.pods.inventory.since(self.position);
        let (changes, position) = taken.inspect_err(|_| {
            self.position = self.pods.inventory.version();
        })?;
        self.position = position;
        Ok(changes)
    }

    /// Wakes when something has changed.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.clone()
    }

    /// The next changes, one at least; waits for them. May be dropped and called again.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered.
    pub async fn next(&mut self) -> Result<Vec<PodChange>, TooOld> {
        loop {
            self.news.mark_unchanged();
            let (changes, position) = self.pods.inventory.since(self.position)?;
            self.position = position;
            if !changes.is_empty() {
                return Ok(changes);
            }
            // The sender lives as long as the source.
            let _ = self.news.changed().await;
        }
    }
}

/// Looks at the pods again and again, for as long as anything waits for changes.
async fn survey_while_watched(pods: Arc<PodInventory>, now: impl Fn() -> DateTime<Utc> + Sync) {
    let root = [pods.directory.path().to_owned()];
    let mut watched = WatchedDirectories::new(&pods.watch);
    watched.set(&root);
    while !pods.watches().held().is_empty() {
        let (looking, now, span) = (pods.clone(), now(), Span::current());
        match spawn_blocking(move || span.in_scope(|| looking.survey(now))).await {
            Ok(Ok(_)) => watched.set(&root),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot list pods");
                // The directory may be another one when it is back.
                watched.set(&[]);
            }
            Err(error) => tracing::error!(%error, "listing pods failed"),
        }
        // A container that comes or is started again changes a directory that is not watched.
        watched.wait(GATHER, FORCED_LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tokio::time::timeout;

    use super::*;
    use crate::source::files::{
        directory::log_directory::LogDirectory, pods::pod_change::PodChangeKind,
        watching::directory_watch::DirectoryWatch,
    };

    fn pods(root: &Path) -> Arc<PodInventory> {
        let directory = Arc::new(LogDirectory::new(root, &[]).unwrap());
        Arc::new(PodInventory::new(directory, Arc::new(DirectoryWatch::new())))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_793_527_200, 0).unwrap()
    }

    fn survey(pods: &PodInventory) -> u64 {
        pods.survey(now()).unwrap().version
    }

    #[tokio::test]
    async fn a_watcher_is_notified_of_a_change() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let mut watching = PodWatch::begin(&pods, survey(&pods), now).unwrap();
        fs::create_dir_all(root.path().join("shop_web_1/app")).unwrap();
        let changes = timeout(Duration::from_secs(20), watching.next()).await.unwrap().unwrap();
        assert_eq!(changes[0].kind, PodChangeKind::Added);
        assert!(watching.position() >= changes.last().unwrap().pod.version);
    }

    #[tokio::test]
    async fn a_slow_watcher_delays_no_other_and_gets_an_error() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let mut slow = PodWatch::begin(&pods, survey(&pods), now).unwrap();
        let mut quick = PodWatch::begin(&pods, slow.position(), now).unwrap();
        let pod = root.path().join("shop_web_1/app");
        for _ in 0..600 {
            fs::create_dir_all(&pod).unwrap();
            survey(&pods);
            quick.next().await.unwrap();
            fs::remove_dir_all(root.path().join("shop_web_1")).unwrap();
            survey(&pods);
            quick.next().await.unwrap();
        }
        assert_eq!(slow.next().await, Err(TooOld));
    }

    #[tokio::test]
    async fn surveys_end_with_the_last_watcher() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let version = survey(&pods);
        let [one, other] = [(); 2].map(|()| PodWatch::begin(&pods, version, now).unwrap());
        drop(one);
        assert_eq!(pods.watches().held().len(), 1);
        drop(other);
        assert!(pods.watches().held().is_empty());
    }
}
