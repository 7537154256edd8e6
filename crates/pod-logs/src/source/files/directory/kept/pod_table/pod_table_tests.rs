//! What is kept of pods that are asked about, changed and forgotten.

use std::{fs::File, sync::Arc};

use rustix::fs::fstat;

use super::*;
use crate::source::files::directory::{
    kept::kept_pod::{FileIdentity, KeptFile, KeptLog},
    listed::ListedFile,
};

const AGE: Duration = Duration::from_secs(1);
const MOST: usize = 3;

fn pod(name: &str) -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: name.parse().unwrap() }
}

/// A pod with this many files.
fn kept(name: &str, files: usize) -> Arc<KeptPod> {
    let file = || {
        let file = tempfile::tempfile().unwrap();
        let identity = FileIdentity::from(&fstat(&file).unwrap());
        KeptFile { path: c"".to_owned(), file: Arc::<File>::new(file), identity }
    };
    let listed = Arc::<Vec<ListedFile>>::default();
    let files = (0..files).map(|_| file()).collect();
    let name = PodDirectory { pod: pod(name), uid: "1".parse().unwrap() };
    let log = KeptLog { name: name.log_name(&"app".parse().unwrap()).into(), listed, files };
    Arc::new(KeptPod { name: name.into(), containers: Arc::default(), logs: vec![log] })
}

/// Asks twice and keeps.
#[track_caller]
fn keep(table: &mut PodTable, name: &str, files: usize, watch: WatchId, now: Instant) {
    table.ask(&pod(name), now, AGE);
    let look = table.ask(&pod(name), now, AGE).0.unwrap();
    assert!(table.watch(&pod(name), watch));
    table.end_look(&pod(name), look, Some(kept(name, files)), MOST);
}

#[test]
fn a_pod_is_worth_a_look_when_it_is_asked_about_again_soon() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    assert_eq!(table.ask(&pod("a"), now, AGE).0, None);
    assert_eq!(table.ask(&pod("a"), now + AGE, AGE).0, None);
    assert!(table.ask(&pod("a"), now + AGE, AGE).0.is_some());
    // Another request looks already.
    assert_eq!(table.ask(&pod("a"), now + AGE, AGE).0, None);
}

#[test]
fn what_cannot_be_kept_is_not_looked_into_at_each_request() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    table.ask(&pod("a"), now, AGE);
    let look = table.ask(&pod("a"), now, AGE).0.unwrap();
    table.watch(&pod("a"), 1);
    assert_eq!(table.end_look(&pod("a"), look, None, MOST), [1]);
    assert_eq!(table.ask(&pod("a"), now, AGE).0, None);
    assert_eq!(table.ask(&pod("a"), now + AGE, AGE).0, None);
    assert!(table.ask(&pod("a"), now + AGE, AGE).0.is_some());
}

#[test]
fn nothing_is_kept_for_longer_than_its_age() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    keep(&mut table, "a", 1, 1, now);
    assert!(table.find(&pod("a"), now + AGE / 2, AGE).is_some());
    assert!(table.find(&pod("a"), now + AGE, AGE).is_none());
    assert!(table.sweep().is_empty());
    assert_eq!(table.sweep(), [1]);
    assert!(table.is_empty());
}

#[test]
fn the_least_recently_used_pod_makes_room() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    for (watch, name) in ["a", "b", "c"].into_iter().enumerate() {
        keep(&mut table, name, 1, watch as WatchId, now);
    }
    table.find(&pod("a"), now, AGE);
    keep(&mut table, "d", 2, 9, now);
    let is_kept = |table: &mut PodTable, name| table.find(&pod(name), now, AGE).is_some();
    assert_eq!(
        ["a", "b", "c", "d"].map(|name| is_kept(&mut table, name)),
        [true, false, false, true]
    );
    assert_eq!(table.descriptors(), MOST);
    keep(&mut table, "e", MOST + 1, 10, now);
    assert!(!is_kept(&mut table, "e"), "more than there may be");
}

#[test]
fn the_number_of_known_pods_is_bounded() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    for number in 0..2 * MAX_PODS {
        table.ask(&pod(&format!("web-{number}")), now, AGE);
    }
    assert_eq!(table.pods.len(), MAX_PODS);
}

#[test]
fn an_event_drops_its_pod_and_ends_its_look() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    table.watch_root(0);
    keep(&mut table, "a", 1, 1, now);
    keep(&mut table, "b", 1, 2, now);
    let mut unneeded = Vec::new();
    assert!(!table.apply(1, Some("0.log"), &mut unneeded));
    assert!(!table.apply(0, Some("other"), &mut unneeded));
    assert!(table.find(&pod("a"), now, AGE).is_none());
    assert!(table.find(&pod("b"), now, AGE).is_some());
    table.apply(0, Some("shop_b_2"), &mut unneeded);
    assert!(table.find(&pod("b"), now, AGE).is_none());
    assert_eq!(unneeded, [1, 2]);
    table.ask(&pod("a"), now, AGE);
    let look = table.ask(&pod("a"), now, AGE).0.unwrap();
    table.watch(&pod("a"), 3);
    table.apply(3, None, &mut unneeded);
    table.end_look(&pod("a"), look, Some(kept("a", 1)), MOST);
    assert!(table.find(&pod("a"), now, AGE).is_none());
    assert!(table.apply(0, None, &mut unneeded));
}

#[test]
fn a_directory_of_two_pods_is_watched_for_one() {
    let (mut table, now) = (PodTable::default(), Instant::now());
    keep(&mut table, "a", 1, 1, now);
    table.ask(&pod("b"), now, AGE);
    table.ask(&pod("b"), now, AGE);
    assert!(!table.watch(&pod("b"), 1));
}
