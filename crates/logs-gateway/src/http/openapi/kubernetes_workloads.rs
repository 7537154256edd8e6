//! Operations on workloads, which exist where an API server is the source.

use pod_logs::WorkloadKind;
use serde_json::json;
use service_runtime::http::openapi::{ApiOperation, path_parameter, text};

use super::kubernetes_operations::{discovery, errors, read};

/// The condition of all of these operations.
const CONDITION: &str = "Only with the source `kubernetes`; else 404.";

pub(super) fn apps_resources() -> ApiOperation {
    let id = "kubernetes_apps_resources";
    resources(discovery(id, "The resources of `apps`", "APIResourceList"))
}

pub(super) fn batch_resources() -> ApiOperation {
    let id = "kubernetes_batch_resources";
    resources(discovery(id, "The resources of `batch`", "APIResourceList"))
}

fn resources(operation: ApiOperation) -> ApiOperation {
    errors(operation, &[404]).description(CONDITION)
}

pub(super) fn read_workload(kind: WorkloadKind) -> ApiOperation {
    let (id, summary) = match kind {
        WorkloadKind::DaemonSet => ("kubernetes_read_daemon_set", "Reads a daemon set"),
        WorkloadKind::Deployment => ("kubernetes_read_deployment", "Reads a deployment"),
        WorkloadKind::ReplicaSet => ("kubernetes_read_replica_set", "Reads a replica set"),
        WorkloadKind::StatefulSet => ("kubernetes_read_stateful_set", "Reads a stateful set"),
        WorkloadKind::Job => ("kubernetes_read_job", "Reads a job"),
    };
    let example = json!({
        "kind": kind.kind(),
        "apiVersion": format!("{}/v1", kind.group()),
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    });
    let description = "Its metadata and its selector of pods. 403 unless it selects a pod whose \
                       log the caller may read, also when it does not exist.";
    read(id, summary, example)
        .description(&format!("{description} {CONDITION}"))
        .parameter(path_parameter("name", "The name of the object.", text(), "web"))
}
