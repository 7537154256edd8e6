//! Operations for Kubernetes clusters, whose errors are `Status` objects.

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, SharedResponse, header_ref, json_content, uncached,
};
use utoipa::{
    ToSchema,
    openapi::{Ref, ResponseBuilder},
};

use super::examples::{ID, TOKEN};
use crate::http::k8s::{
    status::KubernetesStatus,
    wire::{ReviewAnswer, ReviewBody},
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("kubernetes", "Clusters ask about the tokens of users.");

/// The errors: status, name of the component, reason, what it says.
const ERRORS: [(u16, &str, &str, &str); 7] = [
    (400, "StatusBadRequest", "BadRequest", "The body is not a review of a known version."),
    (401, "StatusUnauthorized", "Unauthorized", "The caller lacks `sso:introspect`."),
    (408, "StatusTimeout", "Timeout", "The body took longer than ten seconds to arrive."),
    (413, "StatusTooLarge", "RequestEntityTooLarge", "The body has more than 64 KiB."),
    (415, "StatusUnsupported", "UnsupportedMediaType", "The body is not JSON."),
    (500, "StatusInternalError", "InternalError", "A fault of the service."),
    (503, "StatusUnavailable", "ServiceUnavailable", "The answer is unknown; try again."),
];

fn status_error(
    (status, name, reason, description): (u16, &'static str, &str, &str),
) -> SharedResponse {
    let example = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": description,
        "reason": reason,
        "code": status,
    });
    let content = json_content(Ref::from_schema_name(KubernetesStatus::name()), example);
    let answer = uncached(description).content("application/json", content);
    let header = match status {
        400 | 401 => Some("WWW-Authenticate"),
        503 => Some("Retry-After"),
        _ => None,
    };
    let add = |answer: ResponseBuilder, name| answer.header_ref(name, header_ref(name));
    SharedResponse::new::<KubernetesStatus<'_>>(status, name, header.into_iter().fold(answer, add))
}

pub(super) fn review_token() -> ApiOperation {
    let version = "authentication.k8s.io/v1";
    let request = json!({"apiVersion": version, "kind": "TokenReview", "spec": {"token": TOKEN}});
    let user = json!({"username": "sso:alice", "uid": ID, "groups": ["sso:reader"]});
    let status = json!({"authenticated": true, "user": user});
    let answer = json!({"apiVersion": version, "kind": "TokenReview", "status": status});
    let content = json_content(Ref::from_schema_name(ReviewBody::name()), request);
    let operation = ApiOperation::bare(TAG.0, "review_token", "Reviews a token for kube-apiserver")
        .description("The caller needs the permission `sso:introspect`. Other members are ignored.")
        .needs_only([Credential::Bearer, Credential::Basic])
        .with_schema::<ReviewBody>()
        .body_of("application/json", content);
    ERRORS.map(status_error).into_iter().fold(operation, ApiOperation::shared).json::<ReviewAnswer>(
        200,
        "The user of the token; `authenticated` is false for an invalid one.",
        answer,
    )
}
