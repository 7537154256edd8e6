//! A workload, reduced to what clients need to find its pods.

use std::{collections::BTreeMap, io};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value, json};

use super::{selection::selects, workload_kind::WorkloadKind};
use crate::{
    line::target::{Namespace, PodName},
    source::kubernetes::api::{api_error::ApiError, api_server::ApiServer},
};

/// The members of `metadata` that are shown. Not annotations: `kubectl apply` keeps the whole object
/// in one, environment variables included.
const METADATA: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "labels",
    "ownerReferences",
];

/// A workload as its users name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadRef {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name, which has the form of a pod's: a DNS subdomain (RFC 1123).
    pub name: PodName,
}

/// A workload of the cluster: its metadata, and which pods it selects.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `None` selects nothing.
    selector: Option<LabelSelector>,
    object: Value,
}

impl WorkloadRef {
    /// The path of the object. Its names parsed, so they need no encoding.
    fn uri(&self) -> String {
        let Self { kind, namespace, name } = self;
        let (group, resource) = (kind.group(), kind.resource());
        format!("/apis/{group}/v1/namespaces/{namespace}/{resource}/{name}")
    }
}

impl Workload {
    /// Asks the API server for the workload.
    pub(crate) async fn ask(server: &ApiServer, workload: &WorkloadRef) -> Result<Self, ApiError> {
        Self::read(workload.kind, &server.object(&workload.uri()).await?)
    }

    /// Reads the object of an API server.
    fn read(kind: WorkloadKind, body: &[u8]) -> Result<Self, ApiError> {
        let unreadable = |error: serde_json::Error| ApiError::Unreachable(io::Error::other(error));
        let object: Value = serde_json::from_slice(body).map_err(unreadable)?;
        let selector = object.pointer("/spec/selector").cloned().unwrap_or_default();
        let spec = if selector.is_null() { json!({}) } else { json!({ "selector": selector }) };
        let shown = |name: &str| Some((name.to_owned(), object["metadata"].get(name)?.clone()));
        let metadata: Map<String, Value> = METADATA.into_iter().filter_map(shown).collect();
        Ok(Self {
            selector: serde_json::from_value(selector).map_err(unreadable)?,
            object: json!({
                "kind": kind.kind(),
                "apiVersion": format!("{}/v1", kind.group()),
                "metadata": metadata,
                "spec": spec,
            }),
        })
    }

    /// Whether a pod of its namespace with these labels is selected.
    #[must_use]
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.selector.as_ref().is_some_and(|selector| selects(selector, labels))
    }

    /// The object with its metadata and `spec.selector`.
    #[must_use]
    pub fn object(&self) -> &Value {
        &self.object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_reduced_to_its_metadata_and_its_selector() {
        let selector = json!({"matchLabels": {"app": "web"}});
        let whole = json!({
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "7",
                "labels": {"team": "a"}, "managedFields": [{"manager": "kubectl"}],
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "P=x"},
            },
            "spec": {"replicas": 2, "selector": selector, "template": {"spec": {}}},
            "status": {"replicas": 2},
        });
        let workload =
            Workload::read(WorkloadKind::Deployment, whole.to_string().as_bytes()).unwrap();
        let expected = json!({
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "7",
                "labels": {"team": "a"},
            },
            "spec": {"selector": selector},
        });
        assert_eq!(*workload.object(), expected);
        let labels = |app: &str| BTreeMap::from([("app".to_owned(), app.to_owned())]);
        assert!(workload.selects(&labels("web")));
        assert!(!workload.selects(&labels("db")));
    }

    #[test]
    fn a_workload_without_a_selector_selects_nothing() {
        let workload = Workload::read(WorkloadKind::Job, b"{\"metadata\":{}}").unwrap();
        assert!(!workload.selects(&BTreeMap::new()));
        assert!(Workload::read(WorkloadKind::Job, b"<html>").is_err());
        let text = br#"{"spec": {"selector": "all"}}"#;
        assert!(Workload::read(WorkloadKind::Job, text).is_err());
    }

    #[test]
    fn the_path_of_a_workload_names_its_group() {
        let of = |kind| WorkloadRef {
            kind,
            namespace: "shop".parse().unwrap(),
            name: "web".parse().unwrap(),
        };
        let path = "/apis/apps/v1/namespaces/shop/deployments/web";
        assert_eq!(of(WorkloadKind::Deployment).uri(), path);
        assert_eq!(of(WorkloadKind::Job).uri(), "/apis/batch/v1/namespaces/shop/jobs/web");
    }
}
