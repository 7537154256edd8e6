//! Pods that move between nodes.

use chrono::DateTime;
use pod_logs::RunSummary;

use super::*;

fn pod(uid: &str, began: i64) -> PodSummary {
    let time = DateTime::from_timestamp(began, 0);
    let run = RunSummary { restart: 0, first_time: time, last_time: time, size: 1 };
    PodSummary {
        pod: name(),
        uid: uid.parse().unwrap(),
        node: None,
        object: None,
        incarnations: vec![uid.parse().unwrap()],
        created_at: time,
        containers: vec![ContainerSummary {
            name: "app".parse().unwrap(),
            last_write: time,
            runs: vec![run],
            status: None,
        }],
    }
}

fn name() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web-0".parse().unwrap() }
}

/// The uid and the node of the pod, and its incarnations.
fn shown(pods: &PlacedPods) -> (String, String) {
    let summary = pods.summaries().next().unwrap();
    let incarnations: Vec<_> = summary.incarnations.iter().map(PodUid::as_str).collect();
    (format!("{}@{}", summary.uid, summary.node.as_deref().unwrap()), incarnations.join(","))
}

fn told(pods: &mut PlacedPods) -> Vec<Option<(String, bool)>> {
    let change =
        |(_, pod): (_, Option<SeenPod>)| pod.map(|pod| (pod.uid.to_string(), pod.is_node_lost));
    pods.take_changes().into_iter().map(change).collect()
}

#[test]
fn the_incarnation_that_began_last_is_the_pod() {
    let (mut pods, [a, b]) = (PlacedPods::default(), ["a", "b"].map(Arc::from));
    pods.put(&b, pod("2", 20));
    pods.put(&a, pod("1", 10));
    assert_eq!(shown(&pods), ("2@b".into(), "1,2".into()));
    let node = |pods: &PlacedPods, uid: Option<&str>| {
        let uid = uid.map(|uid| uid.parse().unwrap());
        pods.node_of(&name(), uid.as_ref()).map(ToString::to_string)
    };
    assert_eq!(node(&pods, None).as_deref(), Some("b"));
    assert_eq!(node(&pods, Some("1")).as_deref(), Some("a"));
    assert_eq!(node(&pods, Some("3")), None);
    pods.put(&a, pod("3", 30));
    assert_eq!(shown(&pods), ("3@a".into(), "2,3".into()));
    pods.remove("a", &name());
    assert_eq!(shown(&pods), ("2@b".into(), "2".into()));
    assert_eq!(told(&mut pods), [Some(("2".into(), false))]);
    pods.remove("b", &name());
    assert_eq!((pods.len(), told(&mut pods)), (0, vec![None]));
}

#[test]
fn an_incarnation_stays_with_the_node_that_showed_it_first_until_that_is_lost() {
    let (mut pods, [a, b]) = (PlacedPods::default(), ["a", "b"].map(Arc::from));
    pods.put(&a, pod("1", 10));
    pods.put(&b, pod("1", 99));
    assert_eq!(shown(&pods), ("1@a".into(), "1".into()));
    pods.set_lost("a", &name(), true);
    assert_eq!(shown(&pods), ("1@b".into(), "1".into()));
    pods.set_lost("b", &name(), true);
    assert_eq!(shown(&pods), ("1@a".into(), "1".into()));
    assert_eq!(told(&mut pods), [Some(("1".into(), true))]);
}

#[test]
fn a_pod_does_not_become_younger_when_its_files_are_removed() {
    let (mut pods, a) = (PlacedPods::default(), Arc::from("a"));
    let mut first = pod("1", 10);
    first.containers[0].runs[0].restart = 4;
    pods.put(&a, first);
    let before = pods.take_changes();
    let mut rotated = pod("1", 20);
    rotated.containers[0].runs[0].restart = 4;
    pods.put(&a, rotated);
    assert_eq!(pods.take_changes(), before);
    let mut without_runs = pod("1", 30);
    without_runs.containers[0].runs.clear();
    pods.put(&a, without_runs);
    assert_eq!(pods.take_changes(), before);
}
