//! How pods differ from one survey to the next.

use std::{collections::BTreeMap, sync::Arc};

use super::{seen_pod::SeenPod, versions::Versions};

/// By namespace and name. Of several incarnations the one written last.
pub type PodsByName = BTreeMap<(String, String), Arc<SeenPod>>;

/// A pod that came, changed or went from one survey to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodChange {
    /// What happened to the pod.
    pub kind: PodChangeKind,
    /// As it is now, or was at last, with the version of the change. No two changes have the same.
    pub pod: Arc<SeenPod>,
}

/// What happened to a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodChangeKind {
    /// The pod was not there before.
    Added,
    /// A container of the pod appeared or was started again.
    Modified,
    /// The pod's directory was removed.
    Deleted,
}

/// Compares the pods with those before, and gives each that is new or different a version.
pub(super) fn changes(
    before: &PodsByName,
    pods: &mut PodsByName,
    versions: &mut Versions,
) -> Vec<PodChange> {
    let mut changes = Vec::new();
    for (key, old) in before {
        let again = pods.get_mut(key);
        if again.as_ref().is_some_and(|again| again.uid == old.uid) {
            continue;
        }
        let mut version = versions.draw();
        if let Some(new) = again {
            // The old one goes before the new one comes.
            let later = versions.draw();
            let new = Arc::make_mut(new);
            (new.version, new.since) = (later.max(version), later.max(version));
            version = later.min(version);
        }
        let pod = Arc::new(SeenPod { version, ..(**old).clone() });
        changes.push(PodChange { kind: PodChangeKind::Deleted, pod });
    }
    for (key, pod) in pods {
        let kind = match before.get(key) {
            Some(before) if Arc::ptr_eq(before, pod) => continue,
            Some(before) if before.uid == pod.uid => {
                Arc::make_mut(pod).version = versions.draw();
                PodChangeKind::Modified
            }
            Some(_) => PodChangeKind::Added,
            None => {
                let version = versions.draw();
                let pod = Arc::make_mut(pod);
                (pod.version, pod.since) = (version, version);
                PodChangeKind::Added
            }
        };
        changes.push(PodChange { kind, pod: pod.clone() });
    }
    changes
}
