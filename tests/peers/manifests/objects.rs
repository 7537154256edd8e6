//! What objects name and select.

use std::collections::BTreeSet;

use serde_json::Value;

use super::overlay::BuiltOverlay;

/// The secret that an operator has to make.
const DATABASE: &str = "sso-service-database";
/// What makes pods.
const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// Objects of Kubernetes.
pub(super) struct Objects(pub(super) Vec<Value>);

impl Objects {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    pub(super) fn workloads(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(|object| WORKLOADS.iter().any(|kind| object["kind"] == *kind))
    }

    /// The object of this kind and name in the namespace of another one.
    pub(super) fn beside(&self, other: &Value, kind: &str, name: &Value) -> Option<&Value> {
        let namespace = &other["metadata"]["namespace"];
        self.of_kind(kind).find(|object| {
            object["metadata"]["name"] == *name && object["metadata"]["namespace"] == *namespace
        })
    }
}

/// The elements of a list; none where there is no list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What a workload's pods are like.
pub(super) fn pod(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

/// Every object is in a namespace of the overlay; accounts, settings and volumes exist.
pub(super) fn closed(overlay: &BuiltOverlay) {
    let objects = &overlay.objects;
    let namespaces: BTreeSet<_> = objects
        .of_kind("Namespace")
        .map(|namespace| text(&namespace["metadata"]["name"]))
        .collect();
    for object in &objects.0 {
        if let Some(namespace) = object["metadata"]["namespace"].as_str() {
            assert!(namespaces.contains(namespace), "{object}");
        }
    }
    for workload in objects.workloads() {
        let pod = pod(workload);
        let account = &pod["serviceAccountName"];
        assert!(
            account.is_null() || objects.beside(workload, "ServiceAccount", account).is_some(),
            "{account}"
        );
        let claimed =
            list(&workload["spec"]["volumeClaimTemplates"]).map(|claim| &claim["metadata"]);
        let volumes: BTreeSet<_> =
            list(&pod["volumes"]).chain(claimed).map(|volume| text(&volume["name"])).collect();
        for container in list(&pod["containers"]) {
            for mount in list(&container["volumeMounts"]) {
                assert!(volumes.contains(text(&mount["name"])), "{mount}");
            }
            for source in list(&container["envFrom"]) {
                let name = &source["configMapRef"]["name"];
                assert!(objects.beside(workload, "ConfigMap", name).is_some(), "{name}");
            }
        }
    }
    for binding in objects.of_kind("ClusterRoleBinding") {
        let role = &binding["roleRef"]["name"];
        assert!(objects.of_kind("ClusterRole").any(|known| known["metadata"]["name"] == *role));
        let accounts: Vec<_> = objects.of_kind("ServiceAccount").collect();
        for subject in list(&binding["subjects"]) {
            assert!(
                accounts.iter().any(|account| account["metadata"]["name"] == subject["name"]
                    && account["metadata"]["namespace"] == subject["namespace"]),
                "{subject}"
            );
        }
    }
}

/// Whether the labels of a workload's pods are among those asked for.
fn selects(selector: &Value, workload: &Value) -> bool {
    let labels = &workload["spec"]["template"]["metadata"]["labels"];
    selector.as_object().unwrap().iter().all(|(name, value)| labels[name] == *value)
}

/// Services select pods with their ports; workloads, budgets and policies select pods.
pub(super) fn selecting(overlay: &BuiltOverlay) {
    let objects = &overlay.objects;
    let selected = |object: &Value, selector: &Value| -> Vec<&Value> {
        let namespace = &object["metadata"]["namespace"];
        let beside =
            objects.workloads().filter(|workload| workload["metadata"]["namespace"] == *namespace);
        beside.filter(|workload| selects(selector, workload)).collect()
    };
    for service in objects.of_kind("Service") {
        let workloads = selected(service, &service["spec"]["selector"]);
        let [workload] = workloads[..] else { panic!("{service}") };
        for port in list(&service["spec"]["ports"]) {
            let ports: Vec<_> = list(&pod(workload)["containers"])
                .flat_map(|container| list(&container["ports"]))
                .filter(|known| known["name"] == port["targetPort"])
                .collect();
            assert_eq!(ports.len(), 1, "{port}");
            assert_eq!(ports[0]["containerPort"], port["port"], "{port}");
        }
    }
    for workload in objects.workloads() {
        assert!(selects(&workload["spec"]["selector"]["matchLabels"], workload), "{workload}");
    }
    for kind in ["PodDisruptionBudget", "NetworkPolicy"] {
        for object in objects.of_kind(kind) {
            let selector = object["spec"].get("podSelector").unwrap_or(&object["spec"]["selector"]);
            let labels = selector.get("matchLabels").cloned().unwrap_or(serde_json::json!({}));
            assert!(!selected(object, &labels).is_empty(), "{object}");
        }
    }
}

/// Every secret that pods mount is made by the script, but the URL of the database, which README
/// describes.
pub(super) fn secrets(overlay: &BuiltOverlay) {
    let readme = std::fs::read_to_string(super::overlay::manifests().join("README.md")).unwrap();
    for workload in overlay.objects.workloads() {
        for volume in list(&pod(workload)["volumes"]) {
            let name = &volume["secret"]["secretName"];
            if name == DATABASE {
                assert!(overlay.name == "ha" && readme.contains(DATABASE));
            } else if name.is_string() {
                assert!(overlay.secrets.beside(workload, "Secret", name).is_some(), "{name}");
            }
        }
    }
}

/// Two of each with `ha`, else one; they are on different nodes if possible.
pub(super) fn replicas(overlay: &BuiltOverlay) {
    let expected = if overlay.name == "ha" { 2 } else { 1 };
    let mut names = Vec::new();
    for workload in overlay.objects.workloads().filter(|workload| workload["kind"] != "DaemonSet") {
        names.push(text(&workload["metadata"]["name"]));
        assert_eq!(workload["spec"]["replicas"], expected, "{workload}");
        let spread = &pod(workload)["topologySpreadConstraints"];
        assert_eq!(spread.is_array(), overlay.name == "ha", "{spread}");
    }
    names.sort_unstable();
    assert_eq!(names, ["logs-gateway", "sso-service"]);
}
