//! The failures of this API, by their status codes.

use std::{fmt, time::Duration};

use actix_web::http::{
    StatusCode,
    header::{self, HeaderValue},
};
use pod_logs::GoQuoted;

use super::{ResourceAction, StatusError};
use crate::{
    http::{
        error::SCAN_RETRY,
        kubernetes::status::body::{StatusCause, StatusDetails},
    },
    unavailable_source::UnavailableSource,
};

const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"sso\"");
const A_SECOND: Duration = Duration::from_secs(1);

impl StatusError {
    /// 401: the credential is missing, malformed or not live.
    pub(in crate::http::kubernetes) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
            .with_header(header::WWW_AUTHENTICATE, CHALLENGE)
    }

    /// 503: the credential cannot be checked right now.
    pub(in crate::http::kubernetes) fn unavailable() -> Self {
        let message = "the token cannot be checked right now; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            .try_again_after(A_SECOND)
    }

    /// 508: a front is among its own nodes.
    pub(in crate::http::kubernetes) fn loop_detected() -> Self {
        let message =
            "a front was asked by a front; GATEWAY_NODES must name gateways of nodes only";
        Self::new(StatusCode::LOOP_DETECTED, "", message)
    }

    /// 503: the source cannot be read right now. The cause is for the log only.
    pub(in crate::http::kubernetes) fn source_unavailable(
        source: UnavailableSource,
        cause: &dyn fmt::Display,
    ) -> Self {
        let (code, reason) = (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
        let mut status = Self::new(code, reason, source.words()).try_again_after(A_SECOND);
        status.0.cause = Some(cause.to_string());
        status
    }

    /// 403: the authority does not permit this token here.
    pub(in crate::http::kubernetes) fn not_permitted() -> Self {
        let message = "forbidden: the authority does not permit this token here";
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(StatusDetails::default())
    }

    /// 403: the user lacks the permission.
    pub(in crate::http::kubernetes) fn forbidden(user: &str, action: ResourceAction<'_>) -> Self {
        let ResourceAction { verb, group, resource, name, namespace } = action;
        let kind = resource.split('/').next().unwrap_or_default();
        let grouped = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let what = match name {
            Some(name) => format!("{grouped} {}", GoQuoted(name.as_bytes())),
            None => grouped,
        };
        let place = match namespace {
            Some(namespace) => format!("in the namespace {}", GoQuoted(namespace.as_bytes())),
            None => "at the cluster scope".to_owned(),
        };
        let user = GoQuoted(user.as_bytes());
        let message = format!(
            "{what} is forbidden: User {user} cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}"
        );
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(StatusDetails {
            name: name.map(str::to_owned),
            group: Some(group).filter(|group| !group.is_empty()),
            kind: Some(kind.to_owned()),
            ..StatusDetails::default()
        })
    }

    /// The same refusal, with the reason behind it as RBAC adds one.
    #[must_use]
    pub(in crate::http::kubernetes) fn because(mut self, reason: &str) -> Self {
        self.0.message = format!("{}: {reason}", self.0.message);
        self
    }

    /// 404: the object does not exist.
    pub(in crate::http::kubernetes) fn not_found(kind: &str, name: &str) -> Self {
        let message = format!("{kind} {} not found", GoQuoted(name.as_bytes()));
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(StatusDetails {
            name: Some(name.to_owned()),
            kind: Some(kind.to_owned()),
            ..StatusDetails::default()
        })
    }

    /// 404: the log file of the container is not a regular file below the log directory.
    pub(in crate::http::kubernetes) fn no_log(pod: &str, container: &str) -> Self {
        let message = format!(
            "the log file of container \"{container}\" in pod \"{pod}\" is a link out of the log directory, or not a regular file; links may lead to the directories that GATEWAY_LOGS_ROOTS names"
        );
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(StatusDetails {
            name: Some(pod.to_owned()),
            kind: Some("pods/log".to_owned()),
            ..StatusDetails::default()
        })
    }

    /// 404: the path does not exist.
    pub(in crate::http::kubernetes) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(StatusDetails::default())
    }

    /// 405.
    pub(in crate::http::kubernetes) fn method_not_allowed(allow: &'static str) -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            .about(StatusDetails::default())
            .with_header(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// 406: none of the accepted media types is available.
    pub(in crate::http::kubernetes) fn not_acceptable(message: &str) -> Self {
        let mut status = Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message);
        status.0.is_pretty = true;
        status
    }

    /// 406, of the router rather than of the resource.
    pub(in crate::http::kubernetes) fn not_representable(message: &str) -> Self {
        Self::not_acceptable(message).about(StatusDetails::default())
    }

    /// 400.
    pub(in crate::http::kubernetes) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400: an invalid WebSocket handshake (RFC 6455 §4.4).
    pub(in crate::http::kubernetes) fn bad_handshake(fault: &dyn fmt::Display) -> Self {
        Self::bad_request(fault.to_string())
            .with_header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
    }

    /// 403: none of the requested WebSocket protocols is known.
    pub(in crate::http::kubernetes) fn unknown_protocols(asked: &[&str], known: &[&str]) -> Self {
        let (asked, known) = (asked.join(" "), known.join(" "));
        let message =
            format!("requested protocol(s) are not supported: [{asked}]; supports [{known}]");
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(StatusDetails::default())
    }

    /// 413.
    pub(in crate::http::kubernetes) fn too_large() -> Self {
        let message = "the request is too large";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 415.
    pub(in crate::http::kubernetes) fn unsupported_media_type() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: application/json, application/vnd.kubernetes.protobuf";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    }

    /// 422: at least one value is refused.
    pub(in crate::http::kubernetes) fn invalid(
        kind: &str,
        name: &str,
        causes: Vec<StatusCause>,
    ) -> Self {
        let each: Vec<String> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let all = match &each[..] {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{kind} {} is invalid: {all}", GoQuoted(name.as_bytes()));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message).about(StatusDetails {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            kind: Some(kind.to_owned()),
            causes,
            ..StatusDetails::default()
        })
    }

    /// 429: the user has the maximum of open logs.
    pub(in crate::http::kubernetes) fn too_many_requests(max: usize) -> Self {
        let message = format!("you read {max} logs already; close one first");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
            .try_again_after(A_SECOND)
    }

    /// 429: other reads of the same user use up the user's share.
    pub(in crate::http::kubernetes) fn too_many_scans() -> Self {
        let message = "your other reads use up your share; wait until some of them end";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
            .try_again_after(SCAN_RETRY)
    }

    /// 503: reads of other users use up the time.
    pub(in crate::http::kubernetes) fn busy() -> Self {
        let message = "too many users read large logs right now; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            .try_again_after(SCAN_RETRY)
    }

    /// 503: reads cannot be recorded right now.
    pub(in crate::http::kubernetes) fn not_audited() -> Self {
        let message = "reads cannot be recorded right now; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            .try_again_after(A_SECOND)
    }

    fn try_again_after(mut self, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        self.0.details =
            Some(StatusDetails { retry_after_seconds: Some(seconds), ..StatusDetails::default() });
        self.with_header(header::RETRY_AFTER, seconds.into())
    }

    /// 410: the changes since that version are no longer kept; the client must list again.
    pub(in crate::http::kubernetes) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// 500. The cause is for the log only.
    pub(in crate::http::kubernetes) fn internal(cause: &dyn fmt::Display) -> Self {
        let message =
            "Internal error occurred: the gateway's log names the cause under the request id";
        let mut status = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message);
        status.0.cause = Some(cause.to_string());
        status
    }
}
