//! What pods there are, and when each of them was seen to change.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    seen_pod::{SeenPod, look_at},
    versions::Versions,
};
use crate::source::files::directory::log_directory::LogDirectory;

/// How many changes are remembered. Whoever is further behind has to look at everything again.
const MAX_CHANGES: usize = 1024;

/// All pods at one instant.
#[derive(Debug, Clone, Default)]
pub struct PodSurvey {
    /// A number of microseconds since 1970. It rises with every survey, also from one start of the
    /// gateway to the next, whether or not anything has changed: a caller is not to learn from it
    /// that pods changed which the caller may not see.
    pub version: u64,
    /// The pods that have log files.
    pub pods: Arc<PodsByName>,
}

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

impl PodSurvey {
    /// Everything there is, as if it came now: what changed last comes last.
    pub fn as_changes(&self) -> Vec<PodChange> {
        let added = |pod: &Arc<SeenPod>| PodChange { kind: PodChangeKind::Added, pod: pod.clone() };
        let mut all: Vec<_> = self.pods.values().map(added).collect();
        all.sort_by_key(|change| change.pod.version);
        all
    }
}

/// What changed since a version can no longer be told, or was never known.
#[derive(Debug, PartialEq, Eq)]
pub struct TooOld;

/// Remembers the last survey, to tell what is new in the next, and what was new lately.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// When the last survey began. Held while one is made, so that there is one at a time: one that
    /// began earlier must not be remembered later.
    surveying: Mutex<Option<Instant>>,
    /// Never held while a file is read: event loops look here.
    memory: Mutex<PodMemory>,
    /// Counts the surveys in which something had changed.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct PodMemory {
    pods: Arc<PodsByName>,
    /// The latest, sorted by version.
    changes: VecDeque<PodChange>,
    /// The greatest version that was given to anybody: what changes next has a greater one.
    version: u64,
    /// All that changed after this version is remembered. 0 before the first survey.
    known_since: u64,
}

impl Inventory {
    /// Looks what pods there are now.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence. The inventory
    /// does not change then.
    pub(crate) fn survey(
        &self,
        directory: &LogDirectory,
        now: DateTime<Utc>,
    ) -> io::Result<PodSurvey> {
        let asked = Instant::now();
        let mut last_began = self.surveying();
        let before = self.memory().pods.clone();
        if last_began.is_some_and(|began| began >= asked) {
            // Another caller that waited has looked since.
            return Ok(self.memory().survey(microseconds(now, asked)));
        }
        let (began, began_at) = (Instant::now(), microseconds(now, asked));
        let root = directory.open()?;
        let mut seen = PodsByName::new();
        for (pod, directories) in directory.pods(&root)?.iter() {
            if let Some(logs) = directory.open_incarnations(&root, directories)?.pop() {
                let key = (pod.namespace.to_string(), pod.pod.to_string());
                let before = before.get(&key);
                seen.insert(key, look_at(&logs, before)?);
            }
        }
        *last_began = Some(began);
        let mut memory = self.memory();
        if memory.take_in(seen, began_at, microseconds(now, asked)) {
            self.news.send_modify(|news| *news += 1);
        }
        Ok(memory.survey(microseconds(now, asked)))
    }

    /// What changed after this version, and the version at present, up to which that is all.
    pub(crate) fn since(&self, version: u64) -> Result<(Vec<PodChange>, u64), TooOld> {
        let memory = self.memory();
        Ok((memory.since(version)?.cloned().collect(), memory.version))
    }

    /// As [`since`](Self::since), with a version that nobody was given before.
    pub(crate) fn since_as_of(
        &self,
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<(Vec<PodChange>, u64), TooOld> {
        let mut memory = self.memory();
        let present = memory.next_version(microseconds(now, Instant::now()));
        Ok((memory.since(version)?.cloned().collect(), present))
    }

    /// The pods as they were at this version.
    pub(crate) fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        let memory = self.memory();
        let mut pods = (*memory.pods).clone();
        let changes: Vec<&PodChange> = memory.since(version)?.collect();
        for PodChange { kind, pod } in changes.into_iter().rev() {
            match kind {
                PodChangeKind::Added => drop(pods.remove(&key_of(pod))),
                PodChangeKind::Modified => {}
                PodChangeKind::Deleted => drop(pods.insert(key_of(pod), pod.clone())),
            }
        }
        Ok(pods)
    }

    /// Tells that something has changed.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn surveying(&self) -> MutexGuard<'_, Option<Instant>> {
        // It changes in one go, at the end of a survey.
        self.surveying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, PodMemory> {
        // It changes in one go, at the end of a survey.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PodMemory {
    /// Makes these the pods of the last survey, which took from `began` to `now`, and says whether
    /// they differ from those before.
    fn take_in(&mut self, mut pods: PodsByName, began: u64, now: u64) -> bool {
        let is_first = self.known_since == 0;
        let mut versions = Versions::between(self.version.max(began), now);
        let mut changes = changes(&self.pods, &mut pods, &mut versions);
        self.pods = Arc::new(pods);
        self.version = versions.last.max(self.version);
        if is_first {
            // Nothing is known of what was before.
            self.known_since = self.version.max(1);
            return true;
        }
        let has_changed = !changes.is_empty();
        changes.sort_by_key(|change| change.pod.version);
        self.changes.extend(changes);
        while self.changes.len() > MAX_CHANGES {
            let forgotten = self.changes.pop_front();
            self.known_since = forgotten.map_or(self.version, |change| change.pod.version);
        }
        has_changed
    }

    fn survey(&mut self, now: u64) -> PodSurvey {
        PodSurvey { version: self.next_version(now), pods: self.pods.clone() }
    }

    fn next_version(&mut self, now: u64) -> u64 {
        self.version = now.max(self.version + 1);
        self.version
    }

    fn since(&self, version: u64) -> Result<impl Iterator<Item = &PodChange>, TooOld> {
        if self.known_since == 0 || !(self.known_since..=self.version).contains(&version) {
            return Err(TooOld);
        }
        let first = self.changes.partition_point(|change| change.pod.version <= version);
        Ok(self.changes.range(first..))
    }
}

/// Now, as a number of microseconds since 1970: `at` is what the clock said at that instant.
fn microseconds(at: DateTime<Utc>, instant: Instant) -> u64 {
    let elapsed = u64::try_from(instant.elapsed().as_micros()).unwrap_or(0);
    u64::try_from(at.timestamp_micros()).unwrap_or(0) + elapsed
}

fn key_of(pod: &SeenPod) -> (String, String) {
    (pod.pod.namespace.to_string(), pod.pod.pod.to_string())
}

/// Compares the pods with those before, and gives each that is new or different a version.
fn changes(before: &PodsByName, pods: &mut PodsByName, versions: &mut Versions) -> Vec<PodChange> {
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

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::source::files::directory::open_failure::OpenFailure;

    struct PodNode {
        root: tempfile::TempDir,
        directory: LogDirectory,
        inventory: Inventory,
    }

    impl PodNode {
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

        /// What changed after that version: `+` came, `~` changed, `-` went. Sorted, but for what
        /// has an order: an incarnation goes before the next one comes.
        fn since(&self, version: u64) -> String {
            self.survey();
            let (changes, _) = self.inventory.since(version).unwrap();
            let is_sorted = changes.is_sorted_by(|one, next| one.pod.version < next.pod.version);
            assert!(is_sorted, "{changes:?}");
            let mut words: Vec<_> = changes.iter().map(word).collect();
            words.sort_by_key(|word| word[1..].to_owned());
            words.join(" ")
        }

        fn survey(&self) -> PodSurvey {
            let now = DateTime::from_timestamp(1_793_527_200, 0).unwrap();
            self.inventory.survey(&self.directory, now).unwrap()
        }

        fn pod(&self, name: &str) -> Arc<SeenPod> {
            self.survey().pods[&("shop".to_owned(), name.to_owned())].clone()
        }
    }

    fn word(change: &PodChange) -> String {
        let sign = match change.kind {
            PodChangeKind::Added => '+',
            PodChangeKind::Modified => '~',
            PodChangeKind::Deleted => '-',
        };
        format!("{sign}{}/{}", change.pod.pod.pod, change.pod.uid)
    }

    #[test]
    fn who_waited_while_another_looked_is_told_what_that_one_saw() {
        let node = PodNode::new();
        node.write("shop_web_1/app/0.log", 1);
        let seen = node.survey();
        node.write("shop_cart_2/app/0.log", 2);
        // As if the other had begun after this one asked.
        let later = Instant::now() + std::time::Duration::from_secs(3600);
        *node.inventory.surveying() = Some(later);
        assert!(Arc::ptr_eq(&node.survey().pods, &seen.pods));
        *node.inventory.surveying() = Some(Instant::now());
        assert_eq!(node.survey().pods.len(), 2);
    }

    #[test]
    fn a_file_that_unpacks_to_nothing_is_looked_at_for_a_moment_only() {
        let node = PodNode::new();
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
    fn a_version_tells_nothing_of_pods_that_are_not_shown() {
        let node = PodNode::new();
        node.write("shop_web_1/app/0.log", 1);
        let first = node.survey();
        let unchanged = node.survey();
        assert!(unchanged.version > first.version, "it rises without a change");
        assert_eq!(unchanged.pods, first.pods);
        node.write("shop_cart_2/app/0.log", 2);
        let second = node.survey();
        assert_eq!(node.pod("web"), first.pods[&("shop".to_owned(), "web".to_owned())]);
        let cart = node.pod("cart").version;
        assert!(unchanged.version < cart && cart < second.version);
    }

    #[test]
    fn the_pods_of_an_earlier_version_are_known() {
        let node = PodNode::new();
        node.write("shop_web_1/app/0.log", 1);
        node.write("shop_old_1/app/0.log", 1);
        let first = node.survey();
        node.write("shop_cart_2/app/0.log", 2);
        node.remove("shop_old_1");
        node.remove("shop_web_1");
        node.write("shop_web_2/app/0.log", 3);
        node.survey();
        let names = |pods: &PodsByName| -> Vec<String> {
            pods.values().map(|pod| format!("{}/{}", pod.pod.pod, pod.uid)).collect()
        };
        let at_first = node.inventory.pods_at(first.version).unwrap();
        assert_eq!(names(&at_first), ["old/1", "web/1"]);
        assert_eq!(node.inventory.pods_at(1), Err(TooOld));
    }

    #[test]
    fn a_survey_that_cannot_tell_changes_nothing() {
        let (node, docker) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let container = node.path().join("shop_web_1/app");
        fs::create_dir_all(&container).unwrap();
        let root = docker.path().join("containers");
        fs::create_dir_all(root.join("4c01")).unwrap();
        for run in 0..3 {
            let target = root.join(format!("4c01/{run}-json.log"));
            let record = r#"{"log":"x\n","stream":"stdout","time":"2026-11-01T10:00:01Z"}"#;
            fs::write(&target, format!("{record}\n")).unwrap();
            std::os::unix::fs::symlink(target, container.join(format!("{run}.log"))).unwrap();
        }
        let directory = LogDirectory::new(node.path(), std::slice::from_ref(&root)).unwrap();
        let inventory = Inventory::default();
        let survey = || inventory.survey(&directory, DateTime::UNIX_EPOCH);
        let before = survey().unwrap();
        let away = docker.path().join("away");
        fs::rename(&root, &away).unwrap();
        let error = survey().unwrap_err();
        assert_eq!(OpenFailure::of(&error), OpenFailure::Unknown, "{error}");
        fs::rename(&away, &root).unwrap();
        assert_eq!(survey().unwrap().pods, before.pods);
        assert_eq!(inventory.since(before.version).unwrap().0, []);
    }

    #[test]
    fn a_pod_whose_files_are_being_removed_does_not_go_back_to_its_first_run() {
        let node = PodNode::new();
        node.write("shop_web_1/app/2.log", 1);
        let before = node.pod("web");
        fs::remove_file(node.root.path().join("shop_web_1/app/2.log")).unwrap();
        assert_eq!(node.pod("web"), before);
    }

    #[test]
    fn what_a_line_adds_is_no_change() {
        let node = PodNode::new();
        node.write("shop_web_1/app/0.log", 1);
        let before = node.pod("web");
        let log = node.root.path().join("shop_web_1/app/0.log");
        let content = fs::read_to_string(&log).unwrap();
        fs::write(&log, content.repeat(2)).unwrap();
        assert_eq!(node.pod("web"), before);
    }

    #[test]
    fn a_container_is_seen_in_its_last_run() {
        let node = PodNode::new();
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
    fn what_came_changed_and_went_is_told() {
        let node = PodNode::new();
        node.write("shop_web_1/app/0.log", 1);
        node.write("bank_safe_1/app/0.log", 1);
        let first = node.survey().version;
        assert_eq!(node.since(first), "");
        node.write("shop_cart_2/app/0.log", 2);
        assert_eq!(node.since(first), "+cart/2");
        let second = node.survey().version;
        node.write("shop_web_1/app/1.log", 3);
        node.remove("bank_safe_1");
        assert_eq!(node.since(second), "-safe/1 ~web/1");
        assert_eq!(node.since(first), "+cart/2 -safe/1 ~web/1");
        let third = node.survey().version;
        node.remove("shop_cart_2");
        node.write("shop_cart_3/app/0.log", 4);
        node.write("yard_gate_1/app/0.log", 4);
        assert_eq!(node.since(third), "-cart/2 +cart/3 +gate/1");
        let (changes, _) = node.inventory.since(third).unwrap();
        let of_cart: Vec<_> =
            changes.iter().map(word).filter(|word| word.contains("cart")).collect();
        assert_eq!(of_cart, ["-cart/2", "+cart/3"]);
    }

    #[test]
    fn a_watch_that_was_cut_off_within_a_survey_gets_the_rest() {
        let node = PodNode::new();
        let first = node.survey().version;
        node.write("shop_cart_1/app/0.log", 2);
        node.write("shop_web_1/app/0.log", 2);
        assert_eq!(node.since(first), "+cart/1 +web/1");
        let earlier = node.pod("cart").version.min(node.pod("web").version);
        assert_eq!(node.inventory.since(earlier).unwrap().0.len(), 1);
        let all = node.survey().as_changes();
        assert_eq!(all, node.inventory.since(first).unwrap().0);
    }

    #[test]
    fn what_is_forgotten_or_was_never_known_is_too_old() {
        let node = PodNode::new();
        let first = node.survey().version;
        for unknown in [0, 1, first + 1, u64::MAX] {
            assert_eq!(node.inventory.since(unknown), Err(TooOld));
        }
        for _ in 0..=MAX_CHANGES / 2 {
            node.write("shop_web_1/app/0.log", 1);
            node.survey();
            node.remove("shop_web_1");
            node.survey();
        }
        let current = node.survey().version;
        assert_eq!(node.inventory.since(first), Err(TooOld));
        assert_eq!(node.inventory.since(current), Ok((Vec::new(), current)));
        assert_eq!(node.inventory.memory().changes.len(), MAX_CHANGES);
    }
}
