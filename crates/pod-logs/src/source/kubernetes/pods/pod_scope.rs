//! Which pods of the cluster are listed and watched in one request.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use tokio::sync::Mutex;

use crate::line::target::{Namespace, PodRef};

/// All pods, or those of a namespace.
#[derive(Debug, Default)]
pub(super) struct PodScope {
    /// `None`: all.
    namespace: Option<Namespace>,
    /// When the last list began. Held while pods are listed and while a watch begins, so that
    /// neither overwrites what the other has learned.
    pub(super) last_list: Mutex<Option<Instant>>,
    is_watched: AtomicBool,
    is_refused: AtomicBool,
}

impl PodScope {
    /// The pods of a namespace.
    pub(super) fn of_namespace(namespace: Namespace) -> Self {
        Self { namespace: Some(namespace), ..Self::default() }
    }

    /// The path of the list.
    pub(super) fn uri(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
            None => "/api/v1/pods".to_owned(),
        }
    }

    /// Whether the pod is in the list.
    pub(super) fn includes(&self, pod: &PodRef) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| pod.namespace == *namespace)
    }

    /// Whether a watch tells what changes.
    pub(super) fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Acquire)
    }

    /// Notes whether a watch tells what changes.
    pub(super) fn set_watched(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::Release);
    }

    /// Whether the API server refused to list the pods, and has not listed them since.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Acquire)
    }

    /// Notes whether the API server refuses to list the pods.
    pub(super) fn set_refused(&self, is_refused: bool) {
        self.is_refused.store(is_refused, Ordering::Release);
    }
}
