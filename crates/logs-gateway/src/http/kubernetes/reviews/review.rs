//! `POST` of the reviews of oneself: what may I, which rules, who am I. Bodies are JSON or
//! Protocol Buffers, answers JSON.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::header,
    web::{Bytes, Payload, ReqData},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_runtime::http::read_body;

use crate::{
    auth::Caller,
    http::kubernetes::{
        reviews::protobuf::Message,
        status::{Result, StatusError},
    },
};

/// A action that is asked about. Fields that are not looked at are not given back either.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct ResourceAttributes {
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    verb: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subresource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccessSpec {
    resource_attributes: Option<ResourceAttributes>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RulesSpec {
    namespace: String,
}

#[derive(Deserialize)]
struct Review<T> {
    spec: T,
}

pub(in crate::http::kubernetes) async fn access(
    request: HttpRequest,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    let spec: AccessSpec = match body(&request, payload).await? {
        Body::Json(json) => from_json(&json)?,
        Body::Protobuf(bytes) => {
            access_from_protobuf(&bytes).ok_or_else(|| unreadable("it is no review"))?
        }
    };
    let asked = spec.resource_attributes;
    let allowed = asked.as_ref().is_some_and(|asked| may(&caller, asked));
    Ok(created(&json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": { "resourceAttributes": asked },
        "status": { "allowed": allowed },
    })))
}

/// Reading is all there is: one pod or its log by the caller's permissions; lists of pods where
/// there could be one to read; the list of namespaces for whoever may read any.
fn may(caller: &Caller, asked: &ResourceAttributes) -> bool {
    let ResourceAttributes { namespace, verb, group, resource, subresource, name, .. } = asked;
    let is_in = |namespace: &str| match namespace {
        "" => caller.may_read_any().is_ok(),
        namespace => caller.may_read_in(namespace),
    };
    match (&**group, &**resource, &**subresource, &**verb) {
        ("", "pods", "" | "log", "get") if name.is_empty() => caller.may_read_all_in(namespace),
        ("", "pods", "" | "log", "get") => caller.may_read_named(namespace, name),
        ("", "pods", "", "list" | "watch") => is_in(namespace),
        ("", "namespaces", "", "list" | "watch") => caller.may_read_any().is_ok(),
        _ => false,
    }
}

pub(in crate::http::kubernetes) async fn rules(
    request: HttpRequest,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    let namespace = match body(&request, payload).await? {
        Body::Json(json) => from_json::<RulesSpec>(&json)?.namespace,
        Body::Protobuf(bytes) => {
            rules_from_protobuf(&bytes).ok_or_else(|| unreadable("it is no review"))?
        }
    };
    let rule = |verbs: &[&str], groups: &[&str], resources: &[&str]| json!({ "verbs": verbs, "apiGroups": groups, "resources": resources });
    let mut rules = vec![
        rule(
            &["create"],
            &["authorization.k8s.io"],
            &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ),
        rule(&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]),
    ];
    if caller.may_read_any().is_ok() {
        rules.push(rule(&["list", "watch"], &[""], &["namespaces"]));
    }
    if caller.may_read_in(&namespace) {
        rules.push(rule(&["list", "watch"], &[""], &["pods"]));
    }
    // A rule cannot say which names match a pattern.
    let may_all = caller.may_read_all_in(&namespace);
    if may_all {
        rules.push(rule(&["get"], &[""], &["pods", "pods/log"]));
    }
    Ok(created(&json!({
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": {
            "resourceRules": rules,
            "nonResourceRules": [],
            "incomplete": !may_all && caller.may_read_in(&namespace),
        },
    })))
}

pub(in crate::http::kubernetes) async fn oneself(
    request: HttpRequest,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    body(&request, payload).await?;
    Ok(created(&json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": { "creationTimestamp": null },
        "status": { "userInfo": { "username": caller.username } },
    })))
}

fn created(body: &Value) -> HttpResponse {
    HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

enum Body {
    Json(Bytes),
    Protobuf(Bytes),
}

async fn body(request: &HttpRequest, payload: Payload) -> Result<Body> {
    let body = read_body(payload).await;
    let body = body.map_err(|problem| StatusError::of_code(problem.status_code()))?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or("application/json").split(';').next().unwrap_or_default();
    match essence.trim() {
        "application/json" => Ok(Body::Json(body)),
        "application/vnd.kubernetes.protobuf" => Ok(Body::Protobuf(body)),
        _ => Err(StatusError::unsupported_media_type()),
    }
}

fn unreadable(why: &str) -> StatusError {
    StatusError::bad_request(format!("the object provided is unrecognized: {why}"))
}

fn from_json<T: for<'de> Deserialize<'de>>(json: &[u8]) -> Result<T> {
    let review = serde_json::from_slice::<Review<T>>(json);
    review.map(|review| review.spec).map_err(|_| unreadable("it is no review"))
}

/// `SelfSubjectAccessReview { 2: spec { 1: resourceAttributes } }`.
fn access_from_protobuf(bytes: &[u8]) -> Option<AccessSpec> {
    let spec = Message::of_object(bytes)?.message(2)?;
    if !spec.has(1)? {
        return Some(AccessSpec::default());
    }
    let asked = spec.message(1)?;
    let text = |number| asked.text(number).map(str::to_owned);
    Some(AccessSpec {
        resource_attributes: Some(ResourceAttributes {
            namespace: text(1)?,
            verb: text(2)?,
            group: text(3)?,
            version: text(4)?,
            resource: text(5)?,
            subresource: text(6)?,
            name: text(7)?,
        }),
    })
}

/// `SelfSubjectRulesReview { 2: spec { 1: namespace } }`.
fn rules_from_protobuf(bytes: &[u8]) -> Option<String> {
    Message::of_object(bytes)?.message(2)?.text(1).map(str::to_owned)
}
