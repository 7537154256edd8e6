//! What pods there are, and when each of them was seen to change.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use rustix::io::Errno;
use tokio::sync::watch;

use super::{directory::LogDirectory, layout::PodDirectory, listed::ListedFile, pod::PodLogs};
use crate::logs::{
    file::LogFile,
    span::first_time,
    target::{ContainerName, PodRef, PodUid},
};

/// How many changes are remembered. Whoever is further behind has to look at everything again.
const MAX_CHANGES: usize = 1024;

/// A pod as its files show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenPod {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<SeenContainer>,
    /// The earliest time in a log of it when it was first seen.
    pub(crate) created_at: Option<DateTime<Utc>>,
    /// The number of its last change.
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
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Rises with every change, also from one start of the gateway to the next: it is a number of
    /// milliseconds since 1970.
    pub(crate) version: u64,
    /// By namespace and name. Of several incarnations the one written last.
    pub(crate) pods: Pods,
    /// Those that have a pod, and since which version.
    pub(crate) namespaces: BTreeMap<String, u64>,
}

type Pods = BTreeMap<(String, String), Arc<SeenPod>>;

/// Something that came, changed or went from one survey to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    /// As it is now, or was at last. No two changes have the same version.
    pub(crate) seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Pod(Arc<SeenPod>),
    Namespace { name: String, version: u64 },
}

impl Change {
    pub(crate) fn version(&self) -> u64 {
        match &self.seen {
            Seen::Pod(pod) => pod.version,
            Seen::Namespace { version, .. } => *version,
        }
    }
}

impl Survey {
    /// Everything there is, as if it came now: what changed last comes last.
    pub(crate) fn as_changes(&self) -> Vec<Change> {
        let pods = self.pods.values().cloned().map(Seen::Pod);
        let namespaces = self.namespaces.iter();
        let namespaces = namespaces
            .map(|(name, version)| Seen::Namespace { name: name.clone(), version: *version });
        let seen = pods.chain(namespaces);
        let mut all: Vec<_> = seen.map(|seen| Change { kind: ChangeKind::Added, seen }).collect();
        all.sort_by_key(Change::version);
        all
    }
}

/// What changed since a version can no longer be told, or was never known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooOld {
    /// The version at present.
    pub(crate) current: u64,
}

/// Remembers the last survey, to tell what is new in the next, and what was new lately.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// When the last survey began. Held while one is made, so that there is one at a time: one that
    /// began earlier must not be remembered later.
    surveying: Mutex<Option<Instant>>,
    /// Never held while a file is read: event loops look here.
    memory: Mutex<Memory>,
    /// The version, for those who wait for the next one.
    versions: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Memory {
    last: Arc<Survey>,
    /// The latest, in their order.
    changes: VecDeque<Change>,
    /// All that changed after this version is remembered.
    known_since: u64,
}

impl Inventory {
    /// Looks what pods there are now.
    pub(super) fn survey(
        &self,
        directory: &LogDirectory,
        now: DateTime<Utc>,
    ) -> io::Result<Arc<Survey>> {
        let asked = Instant::now();
        let mut last_began = self.surveying();
        let last = self.memory().last.clone();
        if last_began.is_some_and(|began| began >= asked) {
            // Another caller that waited has looked since.
            return Ok(last);
        }
        let began = Instant::now();
        let root = directory.open()?;
        let mut seen = Pods::new();
        for (pod, directories) in directory.pods(&root)?.iter() {
            if let Some(logs) = last_written(open_all(directory, &root, directories)?) {
                let key = (pod.namespace.to_string(), pod.pod.to_string());
                let before = last.pods.get(&key);
                seen.insert(key, look_at(&logs, before));
            }
        }
        *last_began = Some(began);
        let now = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let mut memory = self.memory();
        if memory.take_in(seen, now) {
            self.versions.send_replace(memory.last.version);
        }
        Ok(memory.last.clone())
    }

    /// What changed after this version, and the version at present.
    pub(super) fn since(&self, version: u64) -> Result<(Vec<Change>, u64), TooOld> {
        let memory = self.memory();
        let current = memory.last.version;
        if !(memory.known_since..=current).contains(&version) {
            return Err(TooOld { current });
        }
        let first = memory.changes.partition_point(|change| change.version() <= version);
        Ok((memory.changes.range(first..).cloned().collect(), current))
    }

    /// Tells of every new version.
    pub(super) fn versions(&self) -> watch::Receiver<u64> {
        self.versions.subscribe()
    }

    fn surveying(&self) -> MutexGuard<'_, Option<Instant>> {
        // It changes in one go, at the end of a survey.
        self.surveying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // It changes in one go, at the end of a survey.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Makes this the last survey, and says whether it differs from the one before.
    fn take_in(&mut self, mut pods: Pods, now: u64) -> bool {
        let is_first = self.last.version == 0;
        let mut version = (self.last.version + 1).max(now);
        let mut number = || {
            version += 1;
            version
        };
        let changes = changes_of_pods(&self.last.pods, &mut pods, &mut number);
        let (namespaces, others) = namespaces_of(&pods, &self.last.namespaces, &mut number);
        if changes.is_empty() && !is_first {
            return false;
        }
        self.last = Arc::new(Survey { version, pods, namespaces });
        if is_first {
            // From nothing to this nothing changed: nobody had looked.
            self.known_since = version;
            return true;
        }
        self.changes.extend(changes.into_iter().chain(others));
        while self.changes.len() > MAX_CHANGES {
            self.known_since = self.changes.pop_front().map_or(version, |change| change.version());
        }
        true
    }
}

/// Compares the pods with those before, and gives each that is new or different a number.
fn changes_of_pods(
    before: &Pods,
    pods: &mut Pods,
    number: &mut impl FnMut() -> u64,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, pod) in before {
        if pods.get(key).is_none_or(|again| again.uid != pod.uid) {
            let seen = Seen::Pod(Arc::new(SeenPod { version: number(), ..(**pod).clone() }));
            changes.push(Change { kind: ChangeKind::Deleted, seen });
        }
    }
    for (key, pod) in pods {
        let kind = match before.get(key) {
            Some(before) if Arc::ptr_eq(before, pod) => continue,
            Some(before) if before.uid == pod.uid => ChangeKind::Modified,
            _ => ChangeKind::Added,
        };
        Arc::make_mut(pod).version = number();
        changes.push(Change { kind, seen: Seen::Pod(pod.clone()) });
    }
    changes
}

/// The namespaces that have a pod, and which of them came or went.
fn namespaces_of(
    pods: &Pods,
    before: &BTreeMap<String, u64>,
    number: &mut impl FnMut() -> u64,
) -> (BTreeMap<String, u64>, Vec<Change>) {
    let (mut namespaces, mut changes) = (BTreeMap::new(), Vec::new());
    let mut change = |kind, name: &String| {
        let version = number();
        changes.push(Change { kind, seen: Seen::Namespace { name: name.clone(), version } });
        version
    };
    for (name, _) in pods.keys() {
        if !namespaces.contains_key(name) {
            let known = before.get(name).copied();
            let since = known.unwrap_or_else(|| change(ChangeKind::Added, name));
            namespaces.insert(name.clone(), since);
        }
    }
    for name in before.keys().filter(|name| !namespaces.contains_key(*name)) {
        change(ChangeKind::Deleted, name);
    }
    (namespaces, changes)
}

/// The incarnations of a pod. A directory may go while it is looked at, or be no pod's; but that
/// none can be opened is no reason to say that pods are gone.
fn open_all<'a>(
    directory: &'a LogDirectory,
    root: &OwnedFd,
    names: &[PodDirectory],
) -> io::Result<Vec<PodLogs<'a>>> {
    let mut opened = Vec::new();
    for name in names {
        match directory.open_pod_in(root, name.clone()) {
            Ok(pod) => opened.push(pod),
            Err(error) if says_nothing_of_the_pod(&error) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(opened)
}

fn says_nothing_of_the_pod(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}

fn last_written(mut incarnations: Vec<PodLogs<'_>>) -> Option<PodLogs<'_>> {
    if incarnations.len() > 1 {
        incarnations.sort_by_cached_key(|pod| pod.extent().0);
    }
    incarnations.pop()
}

/// The very pod that it was, if nothing about it changed.
fn look_at(pod: &PodLogs<'_>, before: Option<&Arc<SeenPod>>) -> Arc<SeenPod> {
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
        version: before.map_or(0, |before| before.version),
        containers,
    };
    match before {
        Some(before) if **before == seen => before.clone(),
        _ => Arc::new(seen),
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
        // A compressed file may have been damaged.
        let mut of_run = files.iter().filter(|file| file.parsed.restart == restart);
        of_run.find_map(|file| first_line_of(pod, &name, file))
    });
    SeenContainer { name, restart, started_at }
}

fn first_line_of(
    pod: &PodLogs<'_>,
    name: &ContainerName,
    listed: &ListedFile,
) -> Option<DateTime<Utc>> {
    let file = pod.open_file(name, listed).ok()?;
    let file = LogFile::new(file, listed.parsed.is_compressed(), 0).ok()?;
    first_time(&Arc::new(file)).ok()?
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use flate2::{Compression, write::GzEncoder};

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

        fn remove(&self, pod: &str) {
            fs::remove_dir_all(self.root.path().join(pod)).unwrap();
        }

        /// What changed after that version: `+` came, `~` changed, `-` went.
        fn since(&self, version: u64) -> String {
            self.survey();
            let (changes, _) = self.inventory.since(version).unwrap();
            let is_sorted = changes.is_sorted_by(|one, next| one.version() < next.version());
            assert!(is_sorted, "{changes:?}");
            changes.iter().map(word).collect::<Vec<_>>().join(" ")
        }

        fn survey(&self) -> Arc<Survey> {
            self.inventory.survey(&self.directory, DateTime::UNIX_EPOCH).unwrap()
        }

        fn pod(&self, name: &str) -> Arc<SeenPod> {
            self.survey().pods[&("shop".to_owned(), name.to_owned())].clone()
        }
    }

    fn word(change: &Change) -> String {
        let sign = match change.kind {
            ChangeKind::Added => '+',
            ChangeKind::Modified => '~',
            ChangeKind::Deleted => '-',
        };
        match &change.seen {
            Seen::Pod(pod) => format!("{sign}{}/{}", pod.pod.pod, pod.uid),
            Seen::Namespace { name, .. } => format!("{sign}{name}"),
        }
    }

    #[test]
    fn who_waited_while_another_looked_is_told_what_that_one_saw() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        let seen = node.survey();
        node.write("shop_cart_2/app/0.log", 2);
        // As if the other had begun after this one asked.
        let later = Instant::now() + std::time::Duration::from_secs(3600);
        *node.inventory.surveying() = Some(later);
        assert!(Arc::ptr_eq(&node.survey(), &seen));
        *node.inventory.surveying() = Some(Instant::now());
        assert_eq!(node.survey().pods.len(), 2);
    }

    #[test]
    fn a_file_that_unpacks_to_nothing_is_looked_at_for_a_moment_only() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.flush().unwrap();
        let nothing = packed.finish().unwrap().repeat(1_000_000);
        let path = node.root.path().join("shop_web_1/app/0.log.20261101-100000.gz");
        fs::write(path, nothing).unwrap();
        let asked = Instant::now();
        assert!(node.pod("web").containers[0].started_at.is_some());
        assert!(asked.elapsed() < std::time::Duration::from_millis(500), "{:?}", asked.elapsed());
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
        assert!(node.pod("web").version <= first.version);
        assert_eq!(node.pod("cart").version, second.version);
        node.remove("shop_web_1");
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

    #[test]
    fn what_came_changed_and_went_is_told_in_its_order() {
        let node = Node::new();
        node.write("shop_web_1/app/0.log", 1);
        node.write("bank_safe_1/app/0.log", 1);
        let first = node.survey().version;
        assert_eq!(node.since(first), "");
        node.write("shop_cart_2/app/0.log", 2);
        assert_eq!(node.since(first), "+cart/2");
        let second = node.survey().version;
        node.write("shop_web_1/app/1.log", 3);
        node.remove("bank_safe_1");
        assert_eq!(node.since(second), "-safe/1 ~web/1 -bank");
        assert_eq!(node.since(first), "+cart/2 -safe/1 ~web/1 -bank");
        let third = node.survey().version;
        node.remove("shop_cart_2");
        node.write("shop_cart_3/app/0.log", 4);
        node.write("yard_gate_1/app/0.log", 4);
        assert_eq!(node.since(third), "-cart/2 +cart/3 +gate/1 +yard");
    }

    #[test]
    fn whoever_got_a_part_of_the_changes_gets_the_rest() {
        let node = Node::new();
        let first = node.survey().version;
        node.write("shop_cart_1/app/0.log", 2);
        node.write("shop_web_1/app/0.log", 2);
        assert_eq!(node.since(first), "+cart/1 +web/1 +shop");
        assert_eq!(node.since(node.pod("cart").version), "+web/1 +shop");
        let all = node.survey().as_changes();
        assert_eq!(all, node.inventory.since(first).unwrap().0);
    }

    #[test]
    fn what_is_forgotten_or_was_never_known_is_too_old() {
        let node = Node::new();
        let first = node.survey().version;
        for unknown in [0, first - 1, first + 1, u64::MAX] {
            assert_eq!(node.inventory.since(unknown), Err(TooOld { current: first }));
        }
        for _ in 0..=MAX_CHANGES / 4 {
            node.write("shop_web_1/app/0.log", 1);
            node.survey();
            node.remove("shop_web_1");
            node.survey();
        }
        let current = node.survey().version;
        assert_eq!(node.inventory.since(first), Err(TooOld { current }));
        assert_eq!(node.inventory.since(current), Ok((Vec::new(), current)));
        assert_eq!(node.inventory.memory().changes.len(), MAX_CHANGES);
    }
}
