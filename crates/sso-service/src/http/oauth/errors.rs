//! How errors look at `/oauth`: `{"error","error_description"}` (RFC 6749, section 5.2).

use std::borrow::Cow;

use actix_web::{
    Error, HttpRequest, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header::ContentType},
    middleware::Next,
};
use serde::Serialize;
use service_runtime::http::{Problem, ProblemBody};
use utoipa::ToSchema;

use crate::{
    authority::TokenRefusal,
    http::{error::sentence, wire::accept::wants_html},
    oauth::{ExchangeError, SigningError},
};

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct OAuthError<'a> {
    error: &'a str,
    error_description: String,
}

/// Whether a request is one whose errors have this form. A person reads those of the endpoints that
/// browsers are sent to.
fn is_for_client(request: &HttpRequest) -> bool {
    let is_for_browsers = matches!(request.path(), "/oauth/authorize" | "/oauth/logout");
    request.path().starts_with("/oauth/") && !(is_for_browsers && wants_html(request.headers()))
}

/// The middleware that gives problems at `/oauth` the form of OAuth errors. Status and
/// headers stay.
pub(in crate::http) async fn for_clients(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let error = response.response().error().filter(|_| is_for_client(response.request()));
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        let error = OAuthError {
            error: error_code(problem),
            error_description: description(problem.detail()),
        };
        match serde_json::to_string(&error) {
            Ok(text) => problem.show_as(ProblemBody {
                content_type: ContentType::json(),
                text,
                headers: Vec::new(),
            }),
            Err(error) => tracing::error!(%error, "cannot serialise an error of OAuth"),
        }
    }
    Ok(response)
}

/// 400, with an error code of OAuth.
pub(in crate::http) fn refused(
    error: &'static str,
    description: impl Into<Cow<'static, str>>,
) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, error, description)
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        let description = sentence(&error);
        match error {
            ExchangeError::InactiveSubject => refused("invalid_request", description),
            ExchangeError::InvalidTarget => refused("invalid_target", description),
            ExchangeError::InvalidScope => refused("invalid_scope", description),
            ExchangeError::UnknownSubject => TokenRefusal::Unknown.into(),
            ExchangeError::Signing(error) => error.into(),
        }
    }
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Unavailable(error) => error.into(),
            error @ SigningError::DoubtfulTime => Self::unavailable(
                "store_unavailable",
                "The time of the service is in doubt: no token is signed. Try again later.",
            )
            .caused_by(error),
            error => Self::internal(error),
        }
    }
}

/// The error code of a problem. A problem that has one for its own code keeps it.
fn error_code(problem: &Problem) -> &'static str {
    match problem.code() {
        code @ ("invalid_request"
        | "invalid_client"
        | "invalid_token"
        | "invalid_grant"
        | "invalid_scope"
        | "invalid_target"
        | "unauthorized_client"
        | "authorization_pending"
        | "slow_down"
        | "access_denied"
        | "expired_token"
        | "unsupported_grant_type") => code,
        "not_authenticated" => "invalid_client",
        "permission_denied" => "insufficient_scope",
        _ => match problem.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            status if status.is_client_error() => "invalid_request",
            _ => "server_error",
        },
    }
}

/// A description in the characters that RFC 6749 allows there. A client may have sent the others.
fn description(detail: &str) -> String {
    let allowed = |character| matches!(character, ' '..='~') && !matches!(character, '"' | '\\');
    detail.chars().map(|character| if allowed(character) { character } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_problem_has_an_error_of_the_standards() {
        let bad = |status, code| Problem::new(status, code, "");
        for (problem, expected) in [
            (Problem::invalid_request(""), "invalid_request"),
            (Problem::invalid_token(), "invalid_token"),
            (Problem::not_authenticated(), "invalid_client"),
            (bad(StatusCode::UNAUTHORIZED, "permission_denied"), "insufficient_scope"),
            (bad(StatusCode::BAD_REQUEST, "invalid_target"), "invalid_target"),
            (bad(StatusCode::BAD_REQUEST, "slow_down"), "slow_down"),
            (bad(StatusCode::BAD_REQUEST, "bad_request"), "invalid_request"),
            (bad(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"), "invalid_request"),
            (bad(StatusCode::NOT_FOUND, "not_found"), "invalid_request"),
            (Problem::unavailable("store_unavailable", ""), "temporarily_unavailable"),
            (Problem::unavailable_for("busy", "", Duration::ZERO), "temporarily_unavailable"),
            (Problem::internal("disk"), "server_error"),
        ] {
            assert_eq!(error_code(&problem), expected, "{problem}");
        }
    }

    #[test]
    fn a_description_holds_visible_ascii_without_quotes() {
        assert_eq!(description("a \"b\" \\ ü\n~"), "a ?b? ? ??~");
    }
}
