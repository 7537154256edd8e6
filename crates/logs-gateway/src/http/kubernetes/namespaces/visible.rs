//! The namespaces in which a caller sees a pod. The existence of others is not revealed.

use std::collections::BTreeMap;

use pod_logs::{PodChange, PodChangeKind, PodsByName, SeenPod};

use crate::auth::Caller;

/// Namespaces with the pods in them that the caller may see.
#[derive(Debug, Default)]
pub(in crate::http::kubernetes) struct VisibleNamespaces(BTreeMap<String, VisiblePods>);

/// By name, with the version in which each pod appeared. Never empty.
type VisiblePods = BTreeMap<String, u64>;

impl VisibleNamespaces {
    pub(in crate::http::kubernetes) fn among(pods: &PodsByName, caller: &Caller) -> Self {
        let mut visible = Self::default();
        for pod in pods.values().filter(|pod| may_see(caller, pod)) {
            visible.insert(pod);
        }
        visible
    }

    /// By name, with the version of each.
    pub(in crate::http::kubernetes) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, pods)| (&**name, version(pods)))
    }

    pub(in crate::http::kubernetes) fn version_of(&self, namespace: &str) -> Option<u64> {
        self.0.get(namespace).map(version)
    }

    /// Applies the change of a pod and gives the change of its namespace, if any: a namespace
    /// appears with its first visible pod and disappears with the last.
    pub(in crate::http::kubernetes) fn apply(
        &mut self,
        change: &PodChange,
        caller: &Caller,
    ) -> Option<PodChangeKind> {
        let PodChange { kind, pod } = change;
        if !may_see(caller, pod) {
            return None;
        }
        let was_there = self.0.contains_key(pod.pod.namespace.as_str());
        match kind {
            PodChangeKind::Added => self.insert(pod),
            PodChangeKind::Modified => {}
            PodChangeKind::Deleted => self.remove(pod),
        }
        match (was_there, self.0.contains_key(pod.pod.namespace.as_str())) {
            (false, true) => Some(PodChangeKind::Added),
            (true, false) => Some(PodChangeKind::Deleted),
            _ => None,
        }
    }

    fn insert(&mut self, pod: &SeenPod) {
        let of_namespace = self.0.entry(pod.pod.namespace.to_string()).or_default();
        of_namespace.insert(pod.pod.pod.to_string(), pod.since);
    }

    fn remove(&mut self, pod: &SeenPod) {
        let namespace = pod.pod.namespace.as_str();
        if let Some(of_namespace) = self.0.get_mut(namespace) {
            of_namespace.remove(pod.pod.pod.as_str());
            if of_namespace.is_empty() {
                self.0.remove(namespace);
            }
        }
    }
}

/// The version in which the first of its visible pods appeared.
fn version(pods: &VisiblePods) -> u64 {
    pods.values().copied().min().unwrap_or_default()
}

fn may_see(caller: &Caller, pod: &SeenPod) -> bool {
    caller.may_read_named(pod.pod.namespace.as_str(), pod.pod.pod.as_str())
}
