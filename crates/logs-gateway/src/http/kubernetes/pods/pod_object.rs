//! A pod as an object: what an API server shows of it, or what follows from its log files, without
//! labels and images, and with unknown readiness.

use chrono::{DateTime, SecondsFormat, Utc};
use pod_logs::{SeenContainer, SeenPod};
use serde_json::{Value, json};

/// A pod with log files was started, and its files do not show whether it ended.
const PHASE: &str = "Running";

/// The reason of the status of a pod whose node cannot be reached (Kubernetes'
/// `NodeUnreachablePodReason`).
const NODE_LOST: &str = "NodeLost";

/// The object as a single answer.
pub(in crate::http::kubernetes) fn whole(pod: &SeenPod) -> Value {
    let mut object = item(pod);
    object["kind"] = "Pod".into();
    object["apiVersion"] = "v1".into();
    object
}

/// What an API server shows of the pod, if one is the source.
pub(in crate::http::kubernetes) fn shown(pod: &SeenPod) -> Option<Value> {
    let mut object: Value = serde_json::from_str(&pod.object.as_ref()?.text).ok()?;
    object["metadata"]["resourceVersion"] = pod.version.to_string().into();
    Some(object)
}

/// The pod's phase.
pub(in crate::http::kubernetes) fn phase(pod: &SeenPod) -> &str {
    pod.object.as_ref().map_or(PHASE, |object| &object.phase)
}

/// The object as an item of a list.
pub(in crate::http::kubernetes) fn item(pod: &SeenPod) -> Value {
    if let Some(object) = shown(pod) {
        return object;
    }
    let started = pod.containers.iter().filter_map(|container| container.started_at).min();
    let containers: Vec<_> = pod
        .containers
        .iter()
        .map(|container| json!({ "name": container.name.as_str(), "image": "", "resources": {} }))
        .collect();
    let statuses: Vec<_> =
        pod.containers.iter().map(|container| container_status(pod, container)).collect();
    let mut spec = json!({ "containers": containers });
    if let Some(node) = pod.node.as_deref() {
        spec["nodeName"] = node.into();
    }
    let mut status = json!({
        "phase": PHASE,
        "conditions": [{
            "type": "Ready",
            "status": "Unknown",
            "lastProbeTime": null,
            "lastTransitionTime": null,
        }],
        "startTime": started.map(time),
        "containerStatuses": statuses,
    });
    if pod.is_node_lost {
        let node = pod.node.as_deref().unwrap_or_default();
        status["reason"] = NODE_LOST.into();
        status["message"] =
            format!("Node {node} which was running pod {} is unresponsive", pod.pod.pod).into();
    }
    json!({ "metadata": metadata(pod), "spec": spec, "status": status })
}

/// The status as tables show it (`printPod` of Kubernetes): the reason, if there is one.
pub(in crate::http::kubernetes) fn shown_status(pod: &SeenPod) -> &'static str {
    if pod.is_node_lost { NODE_LOST } else { PHASE }
}

/// The object without kind and version.
pub(in crate::http::kubernetes) fn metadata_only(pod: &SeenPod, api: &str) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": api, "metadata": metadata(pod) })
}

fn metadata(pod: &SeenPod) -> Value {
    if let Some(mut object) = shown(pod) {
        return object["metadata"].take();
    }
    json!({
        "name": pod.pod.pod.as_str(),
        "namespace": pod.pod.namespace.as_str(),
        "uid": pod.uid.as_str(),
        "resourceVersion": pod.version.to_string(),
        "creationTimestamp": pod.created_at.map(time),
    })
}

fn container_status(pod: &SeenPod, container: &SeenContainer) -> Value {
    let SeenContainer { name, restart, started_at, .. } = container;
    // Clients follow only containers that have an id.
    let (state, id) = match started_at {
        Some(started) => (
            json!({ "running": { "startedAt": time(*started) } }),
            format!("file://{}/{name}/{restart}", pod.uid),
        ),
        None => (json!({ "waiting": { "reason": "ContainerCreating" } }), String::new()),
    };
    json!({
        "name": name.as_str(),
        "state": state,
        "lastState": {},
        "ready": false,
        "restartCount": restart,
        "image": "",
        "imageID": "",
        "containerID": id,
        "started": started_at.is_some(),
    })
}

/// To the second, as Kubernetes writes times.
fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
