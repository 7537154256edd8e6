//! What the feeds of one reading of many logs share.

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
};

use crate::{line::target::PodRef, source::pods::inventory::PodInventory};

/// How many logs of a reading are asked for at once.
pub(crate) const MAX_ASKED: usize = 16;

/// What the feeds of one reading of many logs share. They ask the API server about a pod only when a
/// watch has told of a change of it, a few of them at once, and do not give up while the API server
/// fails: it may be one node that does not answer.
#[derive(Debug)]
pub(crate) struct FeedGroup {
    pods: Arc<PodInventory>,
    asking: Semaphore,
    /// Where feeds run that are begun while lines are read, on whichever thread.
    runtime: Handle,
}

impl FeedGroup {
    /// For logs of these pods. Has to be called within a tokio runtime.
    pub(crate) fn new(pods: Arc<PodInventory>) -> Arc<Self> {
        let (asking, runtime) = (Semaphore::new(MAX_ASKED), Handle::current());
        Arc::new(Self { pods, asking, runtime })
    }

    /// Waits until fewer logs are asked for. `None` is never the answer.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.asking.acquire().await.ok()
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The version of the last change of a pod; `None` if it is not there.
    pub(super) fn version_of(&self, pod: &PodRef) -> Option<u64> {
        self.pods.get(pod).map(|pod| pod.version)
    }

    /// Waits until the pod has another version than this.
    pub(super) async fn changed(&self, pod: &PodRef, version: Option<u64>) {
        let mut news = self.pods.news();
        while self.version_of(pod) == version {
            // The sender lives as long as the inventory.
            let _ = news.changed().await;
        }
    }
}
