//! What is known of the pods of a cluster, from one API server for one of its users.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::pod_scope::PodScope;
use crate::{
    line::target::PodRef,
    merge_clock::MergeClock,
    source::{
        kubernetes::api::api_server::ApiServer,
        pods::{inventory::PodInventory, seen_pod::SeenPod},
    },
};

/// What is known of the pods.
#[derive(Debug)]
pub(super) struct PodList {
    pub(super) server: ApiServer,
    clock: MergeClock,
    pub(super) scopes: Vec<PodScope>,
    pub(super) inventory: Arc<PodInventory>,
    /// All pods were listed once.
    is_listed: AtomicBool,
    /// Why the pods are not known at present, if so.
    failure: Mutex<Option<String>>,
}

impl PodList {
    /// Nothing is known yet.
    pub(super) fn new(server: ApiServer, clock: MergeClock, scopes: Vec<PodScope>) -> Self {
        let failure = "the pods of the cluster are not listed yet".to_owned();
        Self {
            server,
            clock,
            scopes,
            inventory: Arc::default(),
            is_listed: AtomicBool::default(),
            failure: Mutex::new(Some(failure)),
        }
    }

    /// Checks that the pods are known.
    pub(super) fn check(&self) -> io::Result<()> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().map_or(Ok(()), |failure| Err(io::Error::other(failure.clone())))
    }

    /// Whether the pods were listed.
    pub(super) fn is_listed(&self) -> bool {
        self.is_listed.load(Ordering::Acquire)
    }

    /// Takes over what the API server told of pods: how a pod is now, or `None` if it is gone.
    pub(super) fn tell(&self, told: impl IntoIterator<Item = (PodRef, Option<SeenPod>)>) {
        self.inventory.tell(told, self.clock.now());
    }

    /// The known pods of a scope.
    pub(super) fn known(&self, scope: &PodScope) -> Vec<PodRef> {
        let known = self.inventory.present(self.clock.now()).pods;
        let names = known.values().map(|pod| &pod.pod);
        names.filter(|pod| scope.includes(pod)).cloned().collect()
    }

    /// The user may not know the pods of a scope any more.
    pub(super) fn forget(&self, scope: &PodScope) {
        if self.server.is_for_user() {
            // First, so that no pod seems to be deleted.
            scope.set_refused(true);
            self.tell(self.known(scope).into_iter().map(|pod| (pod, None)));
        }
    }

    pub(super) fn note_listed(&self) {
        self.is_listed.store(true, Ordering::Release);
    }

    /// Notes why the pods are not known at present, or that they are.
    pub(super) fn note(&self, failure: Option<String>) {
        if self.server.is_for_user() {
            // Each request of the user finds out.
            return;
        }
        let mut known = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failure.as_ref().filter(|_| known.is_none()) {
            tracing::warn!(failure, "cannot watch the pods of the cluster");
        } else if failure.is_none() && known.is_some() {
            tracing::info!("the pods of the cluster are watched");
        }
        *known = failure;
    }
}
