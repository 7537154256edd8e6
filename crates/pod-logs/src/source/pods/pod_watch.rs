//! Waiting for pods to come and go.

use std::{fmt::Debug, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    inventory::{PodInventory, TooOld},
    pod_change::PodChange,
};

/// Gives the changes of pods to one reader, at its own pace.
#[derive(Debug)]
pub struct PodWatch {
    pods: Arc<PodInventory>,
    news: watch::Receiver<u64>,
    /// All changes up to this one were given.
    position: u64,
    /// Keeps what looks for changes at work, if that ends with its watches.
    _kept: Option<Arc<dyn Debug + Send + Sync>>,
}

impl PodWatch {
    /// Begins to wait for what changes after this version. `kept` is held as long as the watch.
    ///
    /// # Errors
    /// When that is not known.
    pub(crate) fn begin(
        pods: &Arc<PodInventory>,
        position: u64,
        kept: Option<Arc<dyn Debug + Send + Sync>>,
    ) -> Result<Self, TooOld> {
        pods.since(position)?;
        Ok(Self { pods: pods.clone(), news: pods.news(), position, _kept: kept })
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
        let (changes, position) = self.pods.since_as_of(self.position, now)?;
        self.position = position;
        Ok(changes)
    }

    /// The changes since the last call, maybe none.
    ///
    /// # Errors
    /// When so much changed meanwhile that it is not remembered. The next call tells what changes
    /// after this one.
    pub(crate) fn take(&mut self) -> Result<Vec<PodChange>, TooOld> {
        let taken = self.pods.since(self.position);
        let (changes, position) = taken.inspect_err(|_| {
            self.position = self.pods.version();
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
            let (changes, position) = self.pods.since(self.position)?;
            self.position = position;
            if !changes.is_empty() {
                return Ok(changes);
            }
            // The sender lives as long as the source.
            let _ = self.news.changed().await;
        }
    }
}
