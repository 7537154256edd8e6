//! The part of a pod that readers of its logs may see.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{
    line::target::PodRef,
    source::pods::{
        pod_object::PodObject,
        pod_summary::{ContainerRunStatus, ContainerSummary, PodSummary},
        seen_pod::{SeenContainer, SeenPod},
    },
};

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
const STATUS_LISTS: [&str; 3] =
    ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

/// The part of this object that is kept. `None` if it is no pod whose logs could be asked for.
pub(crate) fn reduce(pod: &Value) -> Option<SeenPod> {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str);
    let name = PodRef {
        namespace: text("/metadata/namespace")?.parse().ok()?,
        pod: text("/metadata/name")?.parse().ok()?,
    };
    let object = PodObject {
        labels: labels(pod),
        phase: text("/status/phase").unwrap_or("Unknown").to_owned(),
        text: reduced(pod).to_string(),
    };
    Some(SeenPod {
        pod: name,
        uid: text("/metadata/uid")?.parse().ok()?,
        node: text("/spec/nodeName").map(Arc::from),
        is_node_lost: false,
        containers: containers(pod),
        created_at: instant(text("/metadata/creationTimestamp")),
        object: Some(Arc::new(object)),
        version: 0,
        since: 0,
    })
}

/// The object without what readers of logs may not see, and without a version.
fn reduced(pod: &Value) -> Value {
    let mut metadata = members(
        &pod["metadata"],
        &["name", "namespace", "uid", "creationTimestamp", "labels", "ownerReferences"],
    );
    if let Some(container) = pod["metadata"]["annotations"].get(DEFAULT_CONTAINER) {
        metadata.insert("annotations".into(), json!({ DEFAULT_CONTAINER: container }));
    }
    let mut spec = members(&pod["spec"], &["nodeName"]);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        if let Some(containers) = pod["spec"][list].as_array() {
            let reduced = containers.iter().map(|container| members(container, &["name", "image"]));
            spec.insert(list.into(), reduced.map(Value::Object).collect());
        }
    }
    json!({ "metadata": metadata, "spec": spec, "status": pod["status"] })
}

fn members(object: &Value, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), object.get(name)?.clone()));
    names.iter().filter_map(member).collect()
}

fn labels(pod: &Value) -> BTreeMap<String, String> {
    let labels = pod["metadata"]["labels"].as_object().into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The pod as a list shows it. How large its logs are is not known.
pub(super) fn summary(pod: &SeenPod) -> PodSummary {
    let containers = pod.containers.iter().map(|container| ContainerSummary {
        name: container.name.clone(),
        last_write: None,
        runs: Vec::new(),
        status: container.state.map(|state| ContainerRunStatus {
            state,
            restart: container.restart,
            started_at: container.started_at,
        }),
    });
    PodSummary {
        pod: pod.pod.clone(),
        uid: pod.uid.clone(),
        node: pod.node.clone(),
        incarnations: vec![pod.uid.clone()],
        created_at: pod.created_at,
        containers: containers.collect(),
        object: pod.object.clone(),
    }
}

/// The containers of which something is known, sorted by name.
fn containers(pod: &Value) -> Vec<SeenContainer> {
    let statuses = STATUS_LISTS.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let mut containers: Vec<_> = statuses.filter_map(container).collect();
    containers.sort_by(|one, next| one.name.cmp(&next.name));
    containers
}

fn container(status: &Value) -> Option<SeenContainer> {
    let states = ["running", "terminated", "waiting"];
    let (state, run) =
        states.into_iter().find_map(|state| Some((state, status["state"].get(state)?)))?;
    let last = &status["lastState"]["terminated"];
    let started_at = instant(run["startedAt"].as_str().or(last["startedAt"].as_str()));
    Some(SeenContainer {
        name: status["name"].as_str()?.parse().ok()?,
        restart: status["restartCount"].as_u64().and_then(|count| count.try_into().ok())?,
        started_at,
        state: Some(state),
    })
}

fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_readers_of_logs_may_see_is_kept() {
        let pod = json!({
            "metadata": {
                "name": "web-0", "namespace": "shop", "uid": "5f0c-1", "resourceVersion": "7",
                "creationTimestamp": "2026-11-01T10:00:00Z", "labels": {"app": "web"},
                "annotations": {"secret": "x", DEFAULT_CONTAINER: "app"},
                "ownerReferences": [{"kind": "StatefulSet", "name": "web"}],
                "managedFields": [{"manager": "kubectl"}],
            },
            "spec": {
                "nodeName": "node-a", "serviceAccountName": "web",
                "containers": [{"name": "app", "image": "web:1", "env": [{"name": "P", "value": "x"}]}],
            },
            "status": {
                "phase": "Running",
                "containerStatuses": [{
                    "name": "app", "restartCount": 2,
                    "state": {"running": {"startedAt": "2026-11-01T10:00:05Z"}},
                }],
            },
        });
        let seen = reduce(&pod).unwrap();
        assert_eq!(seen.node.as_deref(), Some("node-a"));
        assert_eq!((seen.containers.len(), seen.containers[0].restart), (1, 2));
        let object = seen.object.unwrap();
        assert_eq!(object.labels["app"], "web");
        assert_eq!(object.phase, "Running");
        let kept: Value = serde_json::from_str(&object.text).unwrap();
        assert_eq!(kept["metadata"]["annotations"], json!({ DEFAULT_CONTAINER: "app" }));
        assert_eq!(kept["metadata"]["ownerReferences"][0]["name"], "web");
        assert_eq!(
            kept["spec"],
            json!({
                "nodeName": "node-a", "containers": [{"name": "app", "image": "web:1"}],
            })
        );
        assert_eq!(kept["status"], pod["status"]);
        assert_eq!(kept["metadata"].get("resourceVersion"), None);
    }

    #[test]
    fn what_is_no_pod_is_left_out() {
        assert_eq!(
            reduce(&json!({"metadata": {"name": "..", "namespace": "a", "uid": "1"}})),
            None
        );
        assert_eq!(reduce(&json!({})), None);
    }
}
