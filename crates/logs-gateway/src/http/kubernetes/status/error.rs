//! Failures as Kubernetes tells them: a `Status` object.

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use pod_logs::GoQuoted;
use serde::Serialize;

use crate::http::{error::SCAN_RETRY_SECONDS, kubernetes::status::form::StatusForm};

/// What a handler of this API gives.
pub(in crate::http::kubernetes) type Result<T> = std::result::Result<T, Status>;

/// A failure.
#[derive(Debug)]
pub(in crate::http::kubernetes) struct Status(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: StatusCode,
    reason: &'static str,
    message: String,
    details: Option<Details>,
    header: Option<(HeaderName, &'static str)>,
    is_pretty: bool,
    /// For the log.
    cause: Option<String>,
}

/// The fields in the order of the API server, so that the bytes are the same.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusObject<'a> {
    kind: &'static str,
    api_version: &'static str,
    metadata: Empty,
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Details>,
    code: u16,
}

#[derive(Serialize)]
struct Empty {}

/// What a failure is about.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::kubernetes) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) group: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) kind: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http::kubernetes) causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) retry_after_seconds: Option<u32>,
}

/// One of the things that are wrong.
#[derive(Debug, Serialize)]
pub(in crate::http::kubernetes) struct Cause {
    pub(in crate::http::kubernetes) reason: &'static str,
    pub(in crate::http::kubernetes) message: String,
    pub(in crate::http::kubernetes) field: &'static str,
}

/// What is done to which resource, as a refusal says it.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::kubernetes) struct Deed<'a> {
    pub(in crate::http::kubernetes) verb: &'static str,
    pub(in crate::http::kubernetes) resource: &'static str,
    /// `None`: all of them.
    pub(in crate::http::kubernetes) name: Option<&'a str>,
    /// `None`: at the cluster scope.
    pub(in crate::http::kubernetes) namespace: Option<&'a str>,
}

impl Status {
    fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let (details, header, cause) = (None, None, None);
        Self(Box::new(Parts { code, reason, message, details, header, is_pretty: false, cause }))
    }

    fn about(mut self, details: Details) -> Self {
        self.0.details = Some(details);
        self
    }

    fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// 401: no credential, one that cannot be read, or one that is over.
    pub(in crate::http::kubernetes) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
            .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="sso""#)
    }

    /// 503: whether the credential is good cannot be told now.
    pub(in crate::http::kubernetes) fn unavailable() -> Self {
        let message = "whether the token is valid cannot be told right now; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            .about(Details { retry_after_seconds: Some(1), ..Details::default() })
            .with_header(header::RETRY_AFTER, "1")
    }

    /// 503: the log directory cannot be read right now. The cause belongs in our log only.
    pub(in crate::http::kubernetes) fn source_unavailable(cause: &dyn fmt::Display) -> Self {
        let message = "the log directory cannot be looked at right now; try again";
        let mut status = Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            .about(Details { retry_after_seconds: Some(1), ..Details::default() })
            .with_header(header::RETRY_AFTER, "1");
        status.0.cause = Some(cause.to_string());
        status
    }

    /// 403: the authority does not let this token be used here.
    pub(in crate::http::kubernetes) fn not_permitted() -> Self {
        let message = "forbidden: the authority does not permit this token here";
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(Details::default())
    }

    /// 403: the user may not do that.
    pub(in crate::http::kubernetes) fn forbidden(user: &str, deed: Deed<'_>) -> Self {
        let Deed { verb, resource, name, namespace } = deed;
        let kind = resource.split('/').next().unwrap_or_default();
        let what = match name {
            Some(name) => format!("{kind} {}", GoQuoted(name.as_bytes())),
            None => kind.to_owned(),
        };
        let place = match namespace {
            Some(namespace) => format!("in the namespace {}", GoQuoted(namespace.as_bytes())),
            None => "at the cluster scope".to_owned(),
        };
        let user = GoQuoted(user.as_bytes());
        let message = format!(
            "{what} is forbidden: User {user} cannot {verb} resource \"{resource}\" in API group \"\" {place}"
        );
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(Details {
            name: name.map(str::to_owned),
            kind: Some(kind.to_owned()),
            ..Details::default()
        })
    }

    /// 404: there is no such object.
    pub(in crate::http::kubernetes) fn not_found(kind: &str, name: &str) -> Self {
        let message = format!("{kind} {} not found", GoQuoted(name.as_bytes()));
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(Details {
            name: Some(name.to_owned()),
            kind: Some(kind.to_owned()),
            ..Details::default()
        })
    }

    /// 404: the file in place of a container's log is not one that is read.
    pub(in crate::http::kubernetes) fn no_log(pod: &str, container: &str) -> Self {
        let message = format!(
            "the log file of container \"{container}\" in pod \"{pod}\" is a link out of the log directory, or not a regular file; links may lead to the directories that GATEWAY_LOGS_ROOTS names"
        );
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(Details {
            name: Some(pod.to_owned()),
            kind: Some("pods/log".to_owned()),
            ..Details::default()
        })
    }

    /// 404: there is no such path.
    pub(in crate::http::kubernetes) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(Details::default())
    }

    /// 405: nothing is written here.
    pub(in crate::http::kubernetes) fn method_not_allowed(allow: &'static str) -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            .about(Details::default())
            .with_header(header::ALLOW, allow)
    }

    /// 406: nothing that is accepted can be given.
    pub(in crate::http::kubernetes) fn not_acceptable(message: &str) -> Self {
        let mut status = Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message);
        status.0.is_pretty = true;
        status
    }

    /// 406, of the router rather than of the resource.
    pub(in crate::http::kubernetes) fn not_representable(message: &str) -> Self {
        Self::not_acceptable(message).about(Details::default())
    }

    /// 400.
    pub(in crate::http::kubernetes) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400: what asks for a WebSocket does not do so as it must (RFC 6455 §4.4).
    pub(in crate::http::kubernetes) fn bad_handshake(fault: &dyn fmt::Display) -> Self {
        Self::bad_request(fault.to_string()).with_header(header::SEC_WEBSOCKET_VERSION, "13")
    }

    /// 403: none of the protocols that a WebSocket is asked for with is known.
    pub(in crate::http::kubernetes) fn unknown_protocols(asked: &[&str], known: &[&str]) -> Self {
        let (asked, known) = (asked.join(" "), known.join(" "));
        let message =
            format!("requested protocol(s) are not supported: [{asked}]; supports [{known}]");
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(Details::default())
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

    /// 422: values that are refused, one at least.
    pub(in crate::http::kubernetes) fn invalid(kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let each: Vec<String> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let all = match &each[..] {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{kind} {} is invalid: {all}", GoQuoted(name.as_bytes()));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message).about(Details {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            kind: Some(kind.to_owned()),
            causes,
            ..Details::default()
        })
    }

    /// 429: the user reads as many logs as one may.
    pub(in crate::http::kubernetes) fn too_many_requests(max: usize) -> Self {
        let message = format!("you read {max} logs already; close one first");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
            .about(Details { retry_after_seconds: Some(1), ..Details::default() })
            .with_header(header::RETRY_AFTER, "1")
    }

    /// 429: other reads of the same user take all the time that the user has.
    pub(in crate::http::kubernetes) fn too_many_scans() -> Self {
        let message = "your other reads take all the time that you have; wait for some of them";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message).again_in_5_s()
    }

    /// 503: reads of other users take all the time.
    pub(in crate::http::kubernetes) fn busy() -> Self {
        let message = "too many users read large logs right now; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message).again_in_5_s()
    }

    fn again_in_5_s(self) -> Self {
        self.about(Details { retry_after_seconds: Some(5), ..Details::default() })
            .with_header(header::RETRY_AFTER, SCAN_RETRY_SECONDS)
    }

    /// 410: what changed since then is not known; everything has to be read anew.
    pub(in crate::http::kubernetes) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// 500. The cause is for the log.
    pub(in crate::http::kubernetes) fn internal(cause: &dyn fmt::Display) -> Self {
        let message =
            "Internal error occurred: the request id finds the cause in the gateway's log";
        let mut status = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message);
        status.0.cause = Some(cause.to_string());
        status
    }

    /// What is for the log only.
    pub(in crate::http::kubernetes) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The framework's own refusals.
    pub(in crate::http::kubernetes) fn of_code(code: StatusCode) -> Self {
        match code {
            StatusCode::NOT_FOUND => Self::no_such_path(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            code if code.is_client_error() => Self::bad_request("the request cannot be read"),
            code => Self::internal(&code),
        }
    }

    /// The object, in a line.
    pub(in crate::http::kubernetes) fn to_json(&self) -> String {
        // It holds nothing that could not be written.
        serde_json::to_string(&self.0.object()).unwrap_or_default()
    }

    /// The answer in this form. That nothing can be accepted is said in JSON.
    pub(in crate::http::kubernetes) fn to_response(&self, form: StatusForm) -> HttpResponse {
        let parts = &*self.0;
        let mut response = HttpResponseBuilder::new(parts.code);
        if let Some((name, value)) = &parts.header {
            response.insert_header((name.clone(), *value));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if parts.is_pretty {
            response.insert_header((header::CONTENT_TYPE, StatusForm::Json.media_type()));
            return response
                .body(serde_json::to_string_pretty(&parts.object()).unwrap_or_default());
        }
        response.insert_header((header::CONTENT_TYPE, form.media_type()));
        response.body(form.write(&parts.object()))
    }
}

impl Parts {
    fn object(&self) -> StatusObject<'_> {
        StatusObject {
            kind: "Status",
            api_version: "v1",
            metadata: Empty {},
            status: "Failure",
            message: &self.message,
            reason: self.reason,
            details: self.details.as_ref(),
            code: self.code.as_u16(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl ResponseError for Status {
    fn status_code(&self) -> StatusCode {
        self.0.code
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.to_response(StatusForm::Json)
    }
}
