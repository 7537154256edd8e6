//! What pods there are, and when each of them was seen to change.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{
    directory::LogDirectory,
    layout::PodDirectory,
    pod::{ListedFile, PodLogs},
};
use crate::logs::{
    file::LogFile,
    span::first_time,
    target::{ContainerName, PodRef, PodUid},
};

/// A pod as its files show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenPod {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<SeenContainer>,
    /// The earliest time in a log of it when it was first seen.
    pub(crate) created_at: Option<DateTime<Utc>>,
    /// That of the inventory when it was seen to change last.
    pub(crate) version: u64,
}

/// A container of a pod, in its last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenContainer {
    pub(crate) name: ContainerName,
    pub(crate) restart: u32,
    /// The time of the first line that is there; `None` before there is any.
    pub(crate) started_at: Option<DateTime<Utc>>,
}

/// All pods at one instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// Rises with every change, also from one start of the gateway to the next: it is a number of
    /// milliseconds since 1970.
    pub(crate) version: u64,
    /// By namespace and name. Of several incarnations the one written last.
    pub(crate) pods: BTreeMap<(String, String), Arc<SeenPod>>,
}

/// Remembers the last survey, to tell what is new in the next.
#[derive(Debug, Default)]
pub(super) struct Inventory(Mutex<Survey>);

impl Inventory {
    /// Looks what pods there are now.
    pub(super) fn survey(
        &self,
        directory: &LogDirectory,
        now: DateTime<Utc>,
    ) -> io::Result<Survey> {
        let root = directory.open()?;
        // One at a time: a survey that began earlier must not be remembered later.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pods = BTreeMap::<_, Vec<PodLogs<'_>>>::new();
        for name in directory.pods(&root)?.values().flatten() {
            let key = (name.pod.namespace.to_string(), name.pod.pod.to_string());
            // A pod may go while it is looked at.
            if let Ok(opened) = directory.open_pod_in(&root, name.clone()) {
                pods.entry(key).or_default().push(opened);
            }
        }
        let version = (last.version + 1).max(u64::try_from(now.timestamp_millis()).unwrap_or(0));
        let mut survey = Survey { version, pods: BTreeMap::new() };
        for (key, incarnations) in pods {
            if let Some(pod) = last_written(incarnations) {
                let seen = look_at(&pod, last.pods.get(&key), version);
                survey.pods.insert(key, seen);
            }
        }
        if survey.pods == last.pods && last.version > 0 {
            survey.version = last.version;
        }
        *last = survey.clone();
        Ok(survey)
    }
}

fn last_written(mut incarnations: Vec<PodLogs<'_>>) -> Option<PodLogs<'_>> {
    if incarnations.len() > 1 {
        incarnations.sort_by_cached_key(|pod| pod.extent().0);
    }
    incarnations.pop()
}

/// The pod as it was, if nothing about it changed.
fn look_at(pod: &PodLogs<'_>, before: Option<&Arc<SeenPod>>, version: u64) -> Arc<SeenPod> {
    let PodDirectory { pod: reference, uid } = &pod.name;
    let before = before.filter(|before| before.uid == *uid);
    let names = pod.containers().unwrap_or_default();
    let container = |name: &ContainerName| {
        let known = before.and_then(|pod| pod.containers.iter().find(|one| one.name == *name));
        look_at_container(pod, name.clone(), known)
    };
    let containers: Vec<_> = names.iter().map(container).collect();
    let earliest = || containers.iter().filter_map(|container| container.started_at).min();
    let seen = SeenPod {
        pod: reference.clone(),
        uid: uid.clone(),
        created_at: before.and_then(|before| before.created_at).or_else(earliest),
        version: before.map_or(version, |before| before.version),
        containers,
    };
    match before {
        Some(before) if **before == seen => before.clone(),
        _ => Arc::new(SeenPod { version, ..seen }),
    }
}

fn look_at_container(
    pod: &PodLogs<'_>,
    name: ContainerName,
    known: Option<&SeenContainer>,
) -> SeenContainer {
    let files = pod.list(&name).unwrap_or_default();
    let restart = files.last().map_or(0, |file| file.parsed.restart);
    let known = known.filter(|known| known.restart == restart);
    let started_at = known.and_then(|known| known.started_at).or_else(|| {
        let first = files.iter().find(|file| file.parsed.restart == restart)?;
        first_line_of(pod, &name, first)
    });
    SeenContainer { name, restart, started_at }
}

fn first_line_of(
    pod: &PodLogs<'_>,
    name: &ContainerName,
    listed: &ListedFile,
) -> Option<DateTime<Utc>> {
    let file = pod.open_file(name, &listed.name).ok()?;
    let file = LogFile::new(file, listed.parsed.is_compressed(), 0).ok()?;
    first_time(&Arc::new(file)).ok()?
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Node {
        root: tempfile::TempDir,
        directory: LogDirectory,
        inventory: Inventory,
    }

    impl Node {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let directory = LogDirectory::new(root.path(), &[]).unwrap();
            Self { root, directory, inventory: Inventory::default() }
        }

        fn write(&self, file: &str, second: u32) {
            let path = self.root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("2026-11-01T10:00:{second:02}Z stdout F x\n")).unwrap();
        }

        fn survey(&self) -> Survey {
            self.inventory.survey(&self.directory, DateTime::UNIX_EPOCH).unwrap()
        }

        fn pod(&self, name: &str) -> Arc<SeenPod> {
            self.survey().pods[&("shop".to_owned(), name.to_owned())].clone()
        }
    }

    #[test]
    fn the_version_rises_with_a_change_and_only_then() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        let first = node.survey();
        assert_eq!(node.survey().version, first.version);
        node.write("shop_cart_2/app/0.log", 2);
        let second = node.survey();
        assert!(second.version > first.version);
        assert_eq!(node.pod("web").version, first.version);
        assert_eq!(node.pod("cart").version, second.version);
        fs::remove_dir_all(node.root.path().join("shop_web_1")).unwrap();
        assert!(node.survey().version > second.version);
    }

    #[test]
    fn what_a_line_adds_is_no_change() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        let before = node.pod("web");
        let log = node.root.path().join("shop_web_1/app/0.log");
        let content = fs::read_to_string(&log).unwrap();
        fs::write(&log, content.repeat(2)).unwrap();
        assert_eq!(node.pod("web"), before);
    }

    #[test]
    fn a_container_is_seen_in_its_last_run() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        let before = node.pod("web");
        node.write("shop_web_1/app/10.log.20261101-100005", 5);
        node.write("shop_web_1/app/10.log", 6);
        let pod = node.pod("web");
        let [container] = &pod.containers[..] else { panic!("{pod:?}") };
        assert_eq!(container.restart, 10);
        assert_eq!(container.started_at.unwrap().to_rfc3339(), "2026-11-01T10:00:05+00:00");
        assert_eq!(pod.created_at, before.created_at);
        assert!(pod.version > before.version);
    }
}
