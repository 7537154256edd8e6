//! Those who wait for pods to come and go, and the task that looks for all of them, for as long as
//! there is anyone.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    inventory::{Change, Pods, TooOld},
    source::FilesSource,
    watch::WatchedDirectories,
};

/// How often is looked even if nothing was told: a container that comes or is started anew changes
/// a directory that is not watched.
const FORCED_LOOK: Duration = Duration::from_secs(1);
/// How long changes are gathered before the next look.
const GATHER: Duration = Duration::from_millis(100);

impl FilesSource {
    /// Begins to wait for what changes after this version of the survey. `now` tells the time.
    ///
    /// # Errors
    /// When that is not known.
    pub fn watch(
        self: &Arc<Self>,
        version: u64,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Watching, TooOld> {
        self.inventory().since(version)?;
        Ok(Watching::begin(self, version, now))
    }

    /// The pods as they were at this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn pods_at(&self, version: u64) -> Result<Pods, TooOld> {
        self.inventory().pods_at(version)
    }
}

/// Somebody who gets the changes, at a pace of their own.
#[derive(Debug)]
pub struct Watching {
    source: Arc<FilesSource>,
    news: watch::Receiver<u64>,
    /// All changes up to this one were given.
    position: u64,
    _shared: Arc<()>,
}

impl Watching {
    fn begin(
        source: &Arc<FilesSource>,
        position: u64,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Self {
        let news = source.inventory().news();
        let shared = source.lookout().join(|| {
            tokio::spawn(look_out(source.clone(), now));
        });
        Self { source: source.clone(), news, position, _shared: shared }
    }

    /// All changes up to this version were given.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The changes up to now, maybe none. The position is then one that nobody was given before,
    /// which tells nothing of when others changed.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered.
    pub fn catch_up(&mut self, now: DateTime<Utc>) -> Result<Vec<Change>, TooOld> {
        let (changes, position) = self.source.inventory().since_as_of(self.position, now)?;
        self.position = position;
        Ok(changes)
    }

    /// The next changes, one at least; waits for them. May be dropped and called again.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered.
    pub async fn next(&mut self) -> Result<Vec<Change>, TooOld> {
        loop {
            self.news.mark_unchanged();
            let (changes, position) = self.source.inventory().since(self.position)?;
            self.position = position;
            if !changes.is_empty() {
                return Ok(changes);
            }
            // The sender lives as long as the source.
            let _ = self.news.changed().await;
        }
    }
}

async fn look_out(source: Arc<FilesSource>, now: impl Fn() -> DateTime<Utc> + Sync) {
    let (watch, root) = source.root_watch();
    let mut watched = WatchedDirectories::new(watch);
    watched.set(&[root.to_owned()]);
    while source.lookout().is_watched() {
        let (looking, now) = (source.clone(), now());
        match spawn_blocking(move || looking.survey(now)).await {
            Ok(Ok(_)) => watched.set(&[root.to_owned()]),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot look which pods there are");
                // The directory may be another one when it is back.
                watched.set(&[]);
            }
            Err(error) => tracing::error!(%error, "looking which pods there are failed"),
        }
        sleep(GATHER).await;
        let _ = timeout(FORCED_LOOK, watched.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::files::inventory::ChangeKind;

    fn source(root: &Path) -> Arc<FilesSource> {
        Arc::new(FilesSource::open(root, &[]).unwrap())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_793_527_200, 0).unwrap()
    }

    fn survey(source: &FilesSource) -> u64 {
        source.survey(now()).unwrap().version
    }

    #[tokio::test]
    async fn a_watcher_is_told_without_asking() {
        let root = tempfile::tempdir().unwrap();
        let source = source(root.path());
        let mut watching = Watching::begin(&source, survey(&source), now);
        fs::create_dir_all(root.path().join("shop_web_1/app")).unwrap();
        let changes = timeout(Duration::from_secs(20), watching.next()).await.unwrap().unwrap();
        assert_eq!(changes[0].kind, ChangeKind::Added);
        assert!(watching.position() >= changes.last().unwrap().pod.version);
    }

    #[tokio::test]
    async fn a_slow_watcher_holds_up_nobody_and_learns_that_it_is_too_slow() {
        let root = tempfile::tempdir().unwrap();
        let source = source(root.path());
        let mut slow = Watching::begin(&source, survey(&source), now);
        let mut quick = Watching::begin(&source, slow.position(), now);
        let pod = root.path().join("shop_web_1/app");
        for _ in 0..600 {
            fs::create_dir_all(&pod).unwrap();
            survey(&source);
            quick.next().await.unwrap();
            fs::remove_dir_all(root.path().join("shop_web_1")).unwrap();
            survey(&source);
            quick.next().await.unwrap();
        }
        assert_eq!(slow.next().await, Err(TooOld));
    }

    #[tokio::test]
    async fn looking_ends_with_the_last_watcher() {
        let root = tempfile::tempdir().unwrap();
        let source = source(root.path());
        let [one, other] = [(); 2].map(|()| Watching::begin(&source, 0, now));
        drop(one);
        assert!(source.lookout().is_watched());
        drop(other);
        assert!(!source.lookout().is_watched());
    }
}
