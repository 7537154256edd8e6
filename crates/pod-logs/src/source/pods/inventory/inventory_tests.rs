//! An inventory that is told of pods.

use super::*;

fn pod(uid: &str) -> SeenPod {
    SeenPod {
        object: None,
        pod: name(),
        uid: uid.parse().unwrap(),
        node: None,
        is_node_lost: false,
        containers: Vec::new(),
        created_at: None,
        version: 0,
        since: 0,
    }
}

fn name() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}

fn on_node(name: &str) -> SeenPod {
    SeenPod { node: Some(name.into()), ..pod("1") }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200, 0).unwrap()
}

fn kinds(changes: &[PodChange]) -> Vec<(PodChangeKind, &str)> {
    changes.iter().map(|change| (change.kind, change.pod.uid.as_str())).collect()
}

#[test]
fn what_a_source_is_told_becomes_changes() {
    use PodChangeKind::{Added, Deleted, Modified};
    let inventory = PodInventory::default();
    inventory.tell([], now());
    let mut version = inventory.present(now()).version;
    for (told, expected) in [
        (Some(pod("1")), &[(Added, "1")][..]),
        (Some(pod("1")), &[]),
        (Some(on_node("a")), &[(Modified, "1")]),
        (Some(pod("2")), &[(Deleted, "1"), (Added, "2")]),
        (None, &[(Deleted, "2")]),
        (None, &[]),
    ] {
        inventory.tell([(name(), told.clone())], now());
        let (changes, _) = inventory.since(version).unwrap();
        assert_eq!(kinds(&changes), expected, "{told:?}");
        let present = inventory.present(now());
        assert_eq!(present.pods.len(), usize::from(told.is_some()));
        version = present.version;
    }
}

#[tokio::test]
async fn a_watch_wakes_when_the_source_is_told_of_a_pod() {
    let inventory = Arc::new(PodInventory::default());
    inventory.tell([], now());
    let mut watch = inventory.watch(inventory.present(now()).version).unwrap();
    let telling = inventory.clone();
    tokio::spawn(async move { telling.tell([(name(), Some(pod("1")))], now()) });
    assert_eq!(kinds(&watch.next().await.unwrap()), [(PodChangeKind::Added, "1")]);
    assert_eq!(inventory.watch(1).unwrap_err(), TooOld);
}

#[test]
fn before_it_was_told_anything_no_version_is_known() {
    let inventory = Arc::new(PodInventory::default());
    let version = inventory.present(now()).version;
    assert_eq!(inventory.watch(version).unwrap_err(), TooOld);
}

#[test]
fn a_version_of_another_instance_is_unknown() {
    let inventory = PodInventory::numbered(VersionSpace::of_instance(12), 9);
    inventory.tell([], now());
    let version = inventory.present(now()).version;
    assert_eq!(version % 10_000, 12);
    inventory.tell([(name(), Some(pod("1")))], now());
    let (changes, position) = inventory.since(version).unwrap();
    assert_eq!((changes[0].pod.version % 10_000, position % 10_000), (12, 12));
    for other in [version + 1, version - 1] {
        assert_eq!(inventory.since(other).unwrap_err(), TooOld);
        assert_eq!(inventory.pods_at(other).unwrap_err(), TooOld);
    }
}

#[test]
fn a_limited_number_of_changes_is_remembered() {
    let inventory = PodInventory::default();
    for uid in 0..2 * MAX_CHANGES {
        inventory.tell([(name(), Some(pod(&uid.to_string())))], now());
    }
    assert_eq!(inventory.memory().changes.len(), MAX_CHANGES);
}
