//! How errors look at `/k8s`: as `Status` objects of the Kubernetes API (`meta/v1`).

use actix_web::{
    Error, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header::ContentType},
    middleware::Next,
};
use serde::Serialize;
use service_runtime::http::{Problem, ProblemBody};
use utoipa::ToSchema;

/// A failure, as the Kubernetes API says it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct KubernetesStatus<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    metadata: EmptyMetadata,
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    code: u16,
}

/// Empty: a status is not stored.
#[derive(Debug, Serialize, ToSchema)]
struct EmptyMetadata {}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Details {
    retry_after_seconds: u64,
}

/// Whether a request is one whose errors have this form.
fn is_at_kubernetes(path: &str) -> bool {
    path.starts_with("/k8s/")
}

/// The middleware that gives problems at `/k8s` the form of a `Status`. HTTP status and headers
/// stay.
pub(in crate::http) async fn for_clusters(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let error = response.response().error().filter(|_| is_at_kubernetes(response.request().path()));
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        match serde_json::to_string(&status_of(problem)) {
            Ok(text) => problem.show_as(ProblemBody {
                content_type: ContentType::json(),
                text,
                headers: Vec::new(),
            }),
            Err(error) => tracing::error!(%error, "cannot serialise a status"),
        }
    }
    Ok(response)
}

fn status_of(problem: &Problem) -> KubernetesStatus<'_> {
    let wait = problem.retry_after();
    KubernetesStatus {
        kind: "Status",
        api_version: "v1",
        metadata: EmptyMetadata {},
        status: "Failure",
        message: problem.detail(),
        reason: reason(problem.status_code()),
        details: wait.map(|wait| Details { retry_after_seconds: wait.as_secs() }),
        code: problem.status_code().as_u16(),
    }
}

/// The reason that clients know for a status (`StatusReason` of `meta/v1`).
fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Unauthorized",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
        StatusCode::REQUEST_TIMEOUT => "Timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLarge",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedMediaType",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        status if status.is_server_error() => "InternalError",
        _ => "BadRequest",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn problem_is_a_failure_with_the_reason_that_clients_know() {
        let status = |problem: &Problem| serde_json::to_value(status_of(problem)).unwrap();
        let unknown = Problem::unavailable("store_unavailable", "Try again.");
        let expected = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Try again.", "reason": "ServiceUnavailable",
            "details": {"retryAfterSeconds": 1}, "code": 503,
        });
        assert_eq!(status(&unknown), expected);
        for (code, reason) in [
            (400, "BadRequest"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "NotFound"),
            (405, "MethodNotAllowed"),
            (408, "Timeout"),
            (413, "RequestEntityTooLarge"),
            (415, "UnsupportedMediaType"),
            (500, "InternalError"),
        ] {
            let problem = Problem::new(StatusCode::from_u16(code).unwrap(), "x", "x");
            let status = status(&problem);
            assert_eq!((&status["reason"], &status["code"]), (&json!(reason), &json!(code)));
            assert!(status["details"].is_null());
        }
    }
}
