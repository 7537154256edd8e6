//! `POST` of the self-subject reviews: access, rules, identity. Bodies are JSON or Protocol
//! Buffers, answers JSON. Unknown fields of a body are ignored, as the API server does.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::header,
    web::{self, Bytes, Payload, ReqData},
};
use pod_logs::WorkloadKind;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use service_runtime::http::{JsonObject, read_body};

use crate::{
    auth::Caller,
    http::{
        GatewayState,
        kubernetes::{
            reviews::{
                access_decision::is_allowed,
                protobuf::{InvalidMessage, ProtobufMessage},
                resource_attributes::ResourceAttributes,
            },
            status::{Result, StatusError},
        },
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccessSpec {
    resource_attributes: Option<JsonObject<ResourceAttributes>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RulesSpec {
    namespace: String,
}

#[derive(Deserialize)]
struct Review<T> {
    spec: JsonObject<T>,
}

pub(in crate::http) async fn access(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    let spec: AccessSpec = ReviewBody::read(&request, payload).await?.spec()?;
    let asked = spec.resource_attributes.map(|JsonObject(attributes)| attributes);
    let allowed = match &asked {
        Some(asked) => is_allowed(&request, &state, &caller, asked).await?,
        None => false,
    };
    Ok(created(&json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": { "resourceAttributes": asked },
        "status": { "allowed": allowed },
    })))
}

pub(in crate::http) async fn rules(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    let RulesSpec { namespace } = ReviewBody::read(&request, payload).await?.spec()?;
    let rule = |verbs: &[&str], groups: &[&str], resources: &[&str]| json!({ "verbs": verbs, "apiGroups": groups, "resources": resources });
    let mut rules = vec![
        rule(
            &["create"],
            &["authorization.k8s.io"],
            &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ),
        rule(&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]),
    ];
    // The cluster, where it decides as well, tells about single actions only.
    let depends_on_roles = state.pods.depends_on_roles();
    if caller.may_read_any().is_ok() && !depends_on_roles {
        rules.push(rule(&["list", "watch"], &[""], &["namespaces"]));
    }
    if caller.may_read_in(&namespace) && !depends_on_roles {
        rules.push(rule(&["list", "watch"], &[""], &["pods"]));
    }
    // A rule cannot say which names match a pattern.
    let may_all = caller.may_read_all_in(&namespace) && !depends_on_roles;
    if may_all {
        rules.push(rule(&["get"], &[""], &["pods", "pods/log"]));
        if state.reader.knows_workloads() {
            for group in ["apps", "batch"] {
                rules.push(rule(&["get"], &[group], &workloads_of(group)));
            }
        }
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

/// The resources of a group that select pods.
fn workloads_of(group: &str) -> Vec<&'static str> {
    let kinds = WorkloadKind::ALL.into_iter().filter(|kind| kind.group() == group);
    kinds.map(WorkloadKind::resource).collect()
}

pub(in crate::http) async fn self_subject_review(
    request: HttpRequest,
    caller: ReqData<Caller>,
    payload: Payload,
) -> Result<HttpResponse> {
    ReviewBody::read(&request, payload).await?.check_object()?;
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

/// The body of a review.
enum ReviewBody {
    Json(Bytes),
    Protobuf(Bytes),
}

impl ReviewBody {
    async fn read(request: &HttpRequest, payload: Payload) -> Result<Self> {
        let body = read_body(payload).await;
        let body = body.map_err(|problem| StatusError::of_code(problem.status_code()))?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let essence = kind.unwrap_or("application/json").split(';').next().unwrap_or_default();
        match essence.trim() {
            "application/json" => Ok(Self::Json(body)),
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf(body)),
            _ => Err(StatusError::unsupported_media_type()),
        }
    }

    /// The `spec` of the review.
    fn spec<S>(&self) -> Result<S>
    where
        S: DeserializeOwned + for<'a> TryFrom<ProtobufMessage<'a>, Error = InvalidMessage>,
    {
        let spec = match self {
            Self::Json(json) => serde_json::from_slice::<JsonObject<Review<S>>>(json)
                .ok()
                .map(|review| review.0.spec.0),
            // The second field of every review is its spec.
            Self::Protobuf(bytes) => ProtobufMessage::of_object(bytes)
                .and_then(|review| review.message(2))
                .and_then(|spec| spec.try_into().ok()),
        };
        spec.ok_or_else(not_a_review)
    }

    /// Checks a review without a `spec`.
    fn check_object(&self) -> Result<()> {
        let is_object = match self {
            Self::Json(json) => serde_json::from_slice::<Map<String, Value>>(json).is_ok(),
            Self::Protobuf(bytes) => ProtobufMessage::of_object(bytes).is_some(),
        };
        if is_object { Ok(()) } else { Err(not_a_review()) }
    }
}

fn not_a_review() -> StatusError {
    StatusError::bad_request("the object provided is unrecognized: it is not a review")
}

impl TryFrom<ProtobufMessage<'_>> for AccessSpec {
    type Error = InvalidMessage;

    /// `SelfSubjectAccessReviewSpec { 1: resourceAttributes }`.
    fn try_from(spec: ProtobufMessage<'_>) -> std::result::Result<Self, InvalidMessage> {
        if !spec.has(1).ok_or(InvalidMessage)? {
            return Ok(Self::default());
        }
        let asked = spec.message(1).ok_or(InvalidMessage)?;
        Ok(Self { resource_attributes: Some(JsonObject(asked.try_into()?)) })
    }
}

impl TryFrom<ProtobufMessage<'_>> for RulesSpec {
    type Error = InvalidMessage;

    /// `SelfSubjectRulesReviewSpec { 1: namespace }`.
    fn try_from(spec: ProtobufMessage<'_>) -> std::result::Result<Self, InvalidMessage> {
        let namespace = spec.text(1).ok_or(InvalidMessage)?;
        Ok(Self { namespace: namespace.to_owned() })
    }
}
