//! `kubectl logs deployment/web`, where an API server is the source.

use serde_json::{Value, json};

use super::command::Kubectl;
use crate::{
    harness::{FakeApiServer, Pair, Setup, patience, plain_client, until},
    peer::Installed,
    stage::{Stage, over_tls},
};

const APPS: &str = "/apis/apps/v1/namespaces/shop";

/// A gateway that asks an API server with a deployment, a job and their pods.
struct Workloads {
    gateway: Pair,
    _server: FakeApiServer,
}

fn workload(kind: &str, version: &str, name: &str) -> Value {
    json!({
        "kind": kind, "apiVersion": version,
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": {}},
    })
}

async fn start() -> Workloads {
    let server = FakeApiServer::start().await;
    for name in ["web", "backup", "db"] {
        let log = format!("2026-11-01T10:00:00Z first of {name}\n2026-11-01T10:00:01Z last\n");
        server.run_pod("shop", &format!("{name}-0"), &json!({"app": name}), &log);
    }
    for (resource, kind) in [
        ("deployments", "Deployment"),
        ("replicasets", "ReplicaSet"),
        ("statefulsets", "StatefulSet"),
    ] {
        server.put(&format!("{APPS}/{resource}/web"), workload(kind, "apps/v1", "web"));
    }
    server.put(&format!("{APPS}/deployments/db"), workload("Deployment", "apps/v1", "db"));
    let job = workload("Job", "batch/v1", "backup");
    server.put("/apis/batch/v1/namespaces/shop/jobs/backup", job);
    let setup = Setup::new().gateway("GATEWAY_SOURCE", "kubernetes");
    let kubeconfig = server.kubeconfig().to_str().unwrap().to_owned();
    let gateway = over_tls(setup.gateway("GATEWAY_KUBECONFIG", &kubeconfig));
    let url = format!("http://{}/readyz", gateway.gateway.ops());
    until("the pods", patience(), async || {
        let status = plain_client().get(&url).send().await.unwrap().status();
        (status == 200).then_some(())
    })
    .await;
    Workloads { gateway, _server: server }
}

/// kubectl of a user who may read the pods of `web` and `backup`.
fn reader(stage: &Stage, kubectl: &Installed, workloads: &Workloads) -> Kubectl {
    let permissions = ["logs:read:shop/web-*", "logs:read:shop/backup-*"];
    let reader = stage.block_on(workloads.gateway.user("reader", &permissions));
    Kubectl::of(kubectl, &workloads.gateway, &reader, "shop")
}

pub(super) fn a_log_is_found_by_its_workload(stage: &Stage, kubectl: &Installed) {
    let workloads = stage.block_on(start());
    let reader = reader(stage, kubectl, &workloads);
    for name in ["deployment/web", "deploy/web", "rs/web", "sts/web"] {
        reader.says(&format!("logs {name}"), "first of web\nlast\n");
    }
    reader.says("logs job/backup --tail=1", "last\n");
    reader.says("auth can-i get deployments.apps/web", "yes\n");
}

pub(super) fn a_workload_without_a_readable_pod_is_refused(stage: &Stage, kubectl: &Installed) {
    let workloads = stage.block_on(start());
    let reader = reader(stage, kubectl, &workloads);
    for name in ["db", "none"] {
        let refusal = format!(
            "Error from server (Forbidden): deployments.apps \"{name}\" is forbidden: User \
             \"reader\" cannot get resource \"deployments\" in API group \"apps\" in the \
             namespace \"shop\": it selects no pod whose log the user may read"
        );
        reader.fails(&format!("logs deployment/{name}"), &refusal);
    }
    let ended = reader.run("auth can-i get deployments.apps/db");
    assert_eq!((ended.code, ended.text()), (1, "no\n"), "{ended:?}");
}
