use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::source::{
    files::directory::open_failure::OpenFailure,
    pods::{
        inventory::MAX_CHANGES,
        pod_change::{PodChange, PodChangeKind},
        seen_pod::SeenPod,
    },
};

struct PodNode {
    root: tempfile::TempDir,
    directory: LogDirectory,
    inventory: PodInventory,
}

impl PodNode {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let directory = LogDirectory::new(root.path(), &[]).unwrap();
        Self { root, directory, inventory: PodInventory::default() }
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
        self.inventory
            .survey(now, |before| last_incarnations(&self.directory, None, before))
            .unwrap()
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
fn a_survey_that_began_after_the_request_is_shared() {
    let node = PodNode::new();
    node.write("shop_web_1/app/0.log", 1);
    let seen = node.survey();
    node.write("shop_cart_2/app/0.log", 2);
    // As if the other had begun after this one asked.
    let later = Instant::now() + Duration::from_secs(3600);
    *node.inventory.surveying() = Some(later);
    assert!(Arc::ptr_eq(&node.survey().pods, &seen.pods));
    *node.inventory.surveying() = Some(Instant::now());
    assert_eq!(node.survey().pods.len(), 2);
}

#[test]
fn a_file_that_unpacks_to_nothing_is_read_for_a_limited_time() {
    let node = PodNode::new();
    node.write("shop_web_1/app/0.log", 1);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.flush().unwrap();
    let nothing = packed.finish().unwrap().repeat(1_000_000);
    let path = node.root.path().join("shop_web_1/app/0.log.20261101-100000.gz");
    fs::write(path, nothing).unwrap();
    let asked = Instant::now();
    assert!(node.pod("web").containers[0].started_at.is_some());
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
}

#[test]
fn a_version_reveals_nothing_about_hidden_pods() {
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
fn an_incomplete_survey_changes_nothing() {
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
    let inventory = PodInventory::default();
    let look = |before: &PodsByName| last_incarnations(&directory, None, before);
    let survey = || inventory.survey(DateTime::UNIX_EPOCH, look);
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
fn an_appended_line_does_not_change_a_pod() {
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
fn added_changed_and_removed_pods_are_reported() {
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
    let of_cart: Vec<_> = changes.iter().map(word).filter(|word| word.contains("cart")).collect();
    assert_eq!(of_cart, ["-cart/2", "+cart/3"]);
}

#[test]
fn a_watch_interrupted_within_a_survey_gets_the_rest() {
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
fn a_forgotten_or_unknown_version_is_too_old() {
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
}
