//! The pods of all nodes, each under its name.

#[cfg(test)]
mod placed_pods_tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use pod_logs::{
    ContainerName, ContainerSummary, PodRef, PodSummary, PodUid, SeenContainer, SeenPod,
};

/// The pods of all nodes, each under its name.
///
/// Incarnations of one pod may be on several nodes: a pod of a StatefulSet that was moved. The one
/// that began last is the pod, the others are its earlier incarnations.
#[derive(Debug, Default)]
pub(super) struct PlacedPods {
    by_name: BTreeMap<PodRef, PodPlaces>,
    /// The pods that changed since they were taken last.
    changed: BTreeSet<PodRef>,
}

/// The incarnations of a pod, one a node, in the order in which they were found. Never empty.
#[derive(Debug)]
struct PodPlaces {
    places: Vec<PlacedPod>,
    shown: Arc<PodSummary>,
}

/// A pod as its node tells of it.
#[derive(Debug)]
struct PlacedPod {
    node: Arc<str>,
    summary: Arc<PodSummary>,
    seen: SeenPod,
}

impl PlacedPods {
    /// All pods, sorted by namespace and name.
    pub(super) fn summaries(&self) -> impl Iterator<Item = &Arc<PodSummary>> {
        self.by_name.values().map(|pod| &pod.shown)
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The node on which an incarnation of the pod is, by default the last one.
    pub(super) fn node_of(&self, pod: &PodRef, uid: Option<&PodUid>) -> Option<&Arc<str>> {
        let mut believed = self.by_name.get(pod)?.believed();
        match uid {
            None => believed.pop(),
            Some(uid) => {
                believed.into_iter().rev().find(|place| place.summary.incarnations.contains(uid))
            }
        }
        .map(|place| &place.node)
    }

    /// A pod.
    pub(super) fn summary(&self, pod: &PodRef) -> Option<&Arc<PodSummary>> {
        Some(&self.by_name.get(pod)?.shown)
    }

    /// The containers that the pod has on any node, sorted. `None` if the pod is on no node.
    pub(super) fn containers(&self, pod: &PodRef) -> Option<Vec<ContainerName>> {
        let places = self.by_name.get(pod)?.believed();
        let containers = places.iter().flat_map(|place| &place.summary.containers);
        let names: BTreeSet<_> = containers.map(|container| &container.name).collect();
        Some(names.into_iter().cloned().collect())
    }

    /// Whether incarnations of the pod are on several nodes.
    pub(super) fn is_on_several_nodes(&self, pod: &PodRef) -> bool {
        self.by_name.get(pod).is_some_and(|places| places.believed().len() > 1)
    }

    /// Notes a pod as its node shows it now.
    pub(super) fn put(&mut self, node: &Arc<str>, summary: PodSummary) {
        let name = summary.pod.clone();
        let summary = Arc::new(PodSummary { node: Some(node.clone()), ..summary });
        let entry = self
            .by_name
            .entry(name.clone())
            .or_insert_with(|| PodPlaces { places: Vec::new(), shown: summary.clone() });
        match entry.places.iter_mut().find(|place| place.node == *node) {
            Some(place) => {
                place.seen = seen(&summary, Some(&place.seen));
                place.summary = summary;
            }
            None => {
                let seen = seen(&summary, None);
                entry.places.push(PlacedPod { node: node.clone(), summary, seen });
            }
        }
        entry.show();
        self.changed.insert(name);
    }

    /// Removes a pod from a node.
    pub(super) fn remove(&mut self, node: &str, name: &PodRef) {
        let Some(entry) = self.by_name.get_mut(name) else {
            return;
        };
        entry.places.retain(|place| &*place.node != node);
        match entry.places.is_empty() {
            true => drop(self.by_name.remove(name)),
            false => entry.show(),
        }
        self.changed.insert(name.clone());
    }

    /// Notes whether the node of a pod is lost.
    pub(super) fn set_lost(&mut self, node: &str, name: &PodRef, is_lost: bool) {
        let Some(entry) = self.by_name.get_mut(name) else {
            return;
        };
        for place in entry.places.iter_mut().filter(|place| &*place.node == node) {
            place.seen.is_node_lost = is_lost;
        }
        entry.show();
        self.changed.insert(name.clone());
    }

    /// What changed since the last call; `None` for a pod that is gone.
    pub(super) fn take_changes(&mut self) -> Vec<(PodRef, Option<SeenPod>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let now = |name: &PodRef| {
            let place = self.by_name.get(name)?.believed().pop()?;
            Some(place.seen.clone())
        };
        changed.map(|name| (name.clone(), now(&name))).collect()
    }
}

impl PodPlaces {
    /// The incarnations in the order in which they began. An incarnation is on one node: if several
    /// claim it, the first that is not lost is believed.
    fn believed(&self) -> Vec<&PlacedPod> {
        let mut believed: Vec<&PlacedPod> = Vec::with_capacity(self.places.len());
        for place in &self.places {
            match believed.iter_mut().find(|other| other.seen.uid == place.seen.uid) {
                Some(other) if other.seen.is_node_lost && !place.seen.is_node_lost => {
                    *other = place;
                }
                Some(_) => {}
                None => believed.push(place),
            }
        }
        believed.sort_by_key(|place| place.began());
        believed
    }

    fn show(&mut self) {
        let mut believed = self.believed();
        let Some(last) = believed.pop() else {
            return;
        };
        let mut earlier: Vec<PodUid> = Vec::new();
        for uid in believed.iter().flat_map(|place| &place.summary.incarnations) {
            if !last.summary.incarnations.contains(uid) && !earlier.contains(uid) {
                earlier.push(uid.clone());
            }
        }
        let mut shown = last.summary.clone();
        if !earlier.is_empty() {
            let all = &mut Arc::make_mut(&mut shown).incarnations;
            all.splice(..0, earlier);
        }
        if *self.shown != *shown {
            self.shown = shown;
        }
    }
}

impl PlacedPod {
    /// When the last incarnation began. A pod that has written nothing began with its first file.
    fn began(&self) -> Option<DateTime<Utc>> {
        let last_write = || self.summary.containers.iter().filter_map(|one| one.last_write).max();
        self.seen.created_at.or_else(last_write)
    }
}

/// What a summary shows of a pod, given what was known of it before. As with files, a pod keeps the
/// time of its first line when that was rotated away, and does not go back to an earlier run.
fn seen(summary: &PodSummary, before: Option<&SeenPod>) -> SeenPod {
    let before = before.filter(|before| before.uid == summary.uid);
    let container = |container: &ContainerSummary| {
        let known =
            before.and_then(|pod| pod.containers.iter().find(|known| known.name == container.name));
        let last = container.runs.last();
        let restart = last.map_or(0, |run| run.restart).max(known.map_or(0, |one| one.restart));
        let known = known.filter(|known| known.restart == restart);
        let first_time = || last.filter(|run| run.restart == restart)?.first_time;
        let started_at = known.and_then(|known| known.started_at).or_else(first_time);
        SeenContainer { name: container.name.clone(), restart, started_at, state: None }
    };
    SeenPod {
        pod: summary.pod.clone(),
        uid: summary.uid.clone(),
        object: None,
        node: summary.node.clone(),
        is_node_lost: false,
        containers: summary.containers.iter().map(container).collect(),
        created_at: before.and_then(|before| before.created_at).or(summary.created_at),
        version: 0,
        since: 0,
    }
}
