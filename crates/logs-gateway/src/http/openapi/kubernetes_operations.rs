//! Operations of the Kubernetes API: the part that clients of logs need.

use serde_json::{Value, json};
use service_runtime::http::openapi::{
    ApiOperation, Credential, json_content, of_type, response, text, uncached,
};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, path::Parameter};

use super::{
    kubernetes_answers::{any_object, object, status_error},
    kubernetes_parameters::{list_parameters, log_parameters, namespace, pod},
};
/// The group of these operations.
pub(super) const TAG: (&str, &str) = (
    "kubernetes",
    "A part of the Kubernetes API, for kubectl and other clients, which need TLS. The objects are \
     those of Kubernetes. Unknown parameters are ignored.",
);

pub(super) fn operation(id: &'static str, summary: &str) -> ApiOperation {
    let operation = ApiOperation::bare(TAG.0, id, summary).needs_only([Credential::Bearer]);
    errors(operation, &[400, 401, 403, 500, 503])
}

pub(super) fn errors(operation: ApiOperation, statuses: &[u16]) -> ApiOperation {
    statuses.iter().copied().map(status_error).fold(operation, ApiOperation::shared)
}

fn with(operation: ApiOperation, parameters: Vec<Parameter>) -> ApiOperation {
    parameters.into_iter().fold(operation, ApiOperation::parameter)
}

pub(super) fn version() -> ApiOperation {
    let example = json!({"major": "1", "minor": "36", "gitVersion": "v1.36.2+logs-gateway"});
    let operation = ApiOperation::bare(TAG.0, "kubernetes_version", "The version of Kubernetes");
    errors(operation, &[500, 503]).answer(200, object("The version.", example))
}

/// A document about the API, in the form that `Accept` names.
pub(super) fn discovery(id: &'static str, summary: &str, kind: &str) -> ApiOperation {
    let description = "Plain, or aggregated (`v2`, `v2beta1`) if `Accept` asks for that.";
    operation(id, summary).answer(200, object(description, json!({"kind": kind})))
}

pub(super) fn core_versions() -> ApiOperation {
    discovery("kubernetes_core_versions", "The versions of the core API", "APIVersions")
}

pub(super) fn core_resources() -> ApiOperation {
    discovery("kubernetes_core_resources", "The resources of the core API", "APIResourceList")
}

pub(super) fn groups() -> ApiOperation {
    discovery("kubernetes_groups", "The groups of the API", "APIGroupList")
}

pub(super) fn authorization_resources() -> ApiOperation {
    let summary = "The resources of `authorization.k8s.io`";
    discovery("kubernetes_authorization_resources", summary, "APIResourceList")
}

pub(super) fn authentication_resources() -> ApiOperation {
    let summary = "The resources of `authentication.k8s.io`";
    discovery("kubernetes_authentication_resources", summary, "APIResourceList")
}

fn list(id: &'static str, summary: &str, kind: &str) -> ApiOperation {
    let description = "A list; as a `Table` or metadata if `Accept` asks for that. A watch is an \
                       object a line until its time is over.";
    let example = json!({
        "kind": kind,
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1800000000000000"},
        "items": [],
    });
    let operation = errors(operation(id, summary), &[406, 410, 422]);
    with(operation, list_parameters()).answer(200, object(description, example))
}

pub(super) fn list_namespaces() -> ApiOperation {
    let summary = "Lists or watches the namespaces of pods whose logs the caller may read";
    list("kubernetes_list_namespaces", summary, "NamespaceList")
}

pub(super) fn list_all_pods() -> ApiOperation {
    let summary = "Lists or watches the pods whose logs the caller may read";
    list("kubernetes_list_all_pods", summary, "PodList")
}

pub(super) fn list_pods() -> ApiOperation {
    let summary = "Lists or watches such pods of a namespace";
    list("kubernetes_list_pods", summary, "PodList").parameter(namespace())
}

pub(super) fn read(id: &'static str, summary: &str, example: Value) -> ApiOperation {
    errors(operation(id, summary), &[404, 406])
        .parameter(namespace())
        .answer(200, object("The object.", example))
}

pub(super) fn read_namespace() -> ApiOperation {
    let example = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}});
    read("kubernetes_read_namespace", "Reads a namespace", example)
}

pub(super) fn read_pod() -> ApiOperation {
    let metadata = json!({"namespace": "shop", "name": "web-0"});
    let example = json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata});
    read("kubernetes_read_pod", "Reads a pod, reduced to what readers may know", example)
        .parameter(pod())
}

pub(super) fn read_log(id: &'static str) -> ApiOperation {
    let operation = operation(id, "Reads the log of a pod in the kubelet's bytes")
        .description(
            "Also over a WebSocket, in the protocols `binary.k8s.io` and \
             `base64.binary.k8s.io`; there the token may be a protocol, \
             `base64url.bearer.authorization.k8s.io.<token>`.",
        )
        .parameter(namespace())
        .parameter(pod());
    let lines = uncached("The lines.").content("text/plain", of_type("hello\n"));
    with(errors(operation, &[404, 406, 422, 429]), log_parameters())
        .answer(101, response("The log follows in the messages of a WebSocket."))
        .answer(200, lines)
}

fn events(id: &'static str, summary: &str) -> ApiOperation {
    let example = json!({
        "kind": "EventList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1800000000000000"},
        "items": [],
    });
    errors(operation(id, summary), &[406]).answer(200, object("An empty list.", example))
}

pub(super) fn list_all_events() -> ApiOperation {
    events("kubernetes_list_all_events", "Lists events: there are none")
}

pub(super) fn list_events() -> ApiOperation {
    let summary = "Lists events of a namespace: there are none";
    events("kubernetes_list_events", summary).parameter(namespace())
}

/// The body may be in Protocol Buffers as well.
fn review(
    operation: ApiOperation,
    schema: impl Into<RefOr<Schema>>,
    request: Value,
    answer: Value,
) -> ApiOperation {
    errors(operation, &[408, 413, 415])
        .body_of("application/json", json_content(schema, request))
        .answer(201, object("The answer, in `status`.", answer))
}

/// A review with a `spec`, some of whose members are read.
fn with_spec(spec: ObjectBuilder) -> ObjectBuilder {
    let object = ObjectBuilder::new().property("apiVersion", text()).property("kind", text());
    object.property("spec", spec).required("spec")
}

/// The members of an action that are read (`ResourceAttributes`).
fn resource_attributes() -> ObjectBuilder {
    let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
    names.into_iter().fold(ObjectBuilder::new(), |object, name| object.property(name, text()))
}

pub(super) fn review_access() -> ApiOperation {
    let attributes = json!({"verb": "get", "resource": "pods", "namespace": "shop"});
    let spec = json!({"resourceAttributes": attributes});
    let request =
        json!({"apiVersion": AUTHORIZATION, "kind": "SelfSubjectAccessReview", "spec": spec});
    let answer = json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": true}});
    review(
        operation("kubernetes_review_access", "Whether the caller may do something"),
        with_spec(ObjectBuilder::new().property("resourceAttributes", resource_attributes())),
        request,
        answer,
    )
}

pub(super) fn review_rules() -> ApiOperation {
    let spec = json!({"namespace": "shop"});
    let request =
        json!({"apiVersion": AUTHORIZATION, "kind": "SelfSubjectRulesReview", "spec": spec});
    let answer = json!({"kind": "SelfSubjectRulesReview", "status": {"incomplete": false}});
    let schema = with_spec(ObjectBuilder::new().property("namespace", text()));
    review(operation("kubernetes_review_rules", "What the caller may do"), schema, request, answer)
}

pub(super) fn review_self() -> ApiOperation {
    let version = "authentication.k8s.io/v1";
    let request = json!({"apiVersion": version, "kind": "SelfSubjectReview"});
    let answer =
        json!({"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "alice"}}});
    review(operation("kubernetes_review_self", "The caller"), any_object(), request, answer)
}

const AUTHORIZATION: &str = "authorization.k8s.io/v1";
