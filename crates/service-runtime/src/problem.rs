//! An error on its way to the caller.

use std::{borrow::Cow, error::Error, fmt, sync::OnceLock, time::Duration};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, ContentType, HeaderName, HeaderValue},
    },
};
use shared_types::{AskedPermission, FieldFault, MalformedAuthorization, ProblemDetails};

/// The header with the id of a request, in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most faults of an input that an answer names: a small request must not cause a large answer.
pub(crate) const MAX_FAULTS: usize = 20;

/// What a handler gives: an answer or a [`Problem`].
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An answer that is an error (RFC 9457). It becomes a response at the [edge](crate::http::Edge),
/// which knows the request's id. Boxed, so that a `Result` of it is small.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldFault>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What the client gets in place of the details.
    body: OnceLock<ProblemBody>,
    /// Logged at the edge, never sent.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// A problem in another format than RFC 9457: as a page, or as another standard has it.
#[derive(Debug)]
pub struct ProblemBody {
    /// The type of the text.
    pub content_type: ContentType,
    /// The document.
    pub text: String,
    /// Further headers of the answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this status. `code` is stable and in snake case; `detail` is for people.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            body: OnceLock::new(),
            cause: None,
        }))
    }

    /// 401: there is no credential, or none that counts here (RFC 6750 §3: no `error` then).
    #[must_use]
    pub fn not_authenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_authenticated",
            "Log in and send the session token as Authorization: Bearer.",
        )
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\"")
    }

    /// 400: malformed credentials, or more than one.
    #[must_use]
    pub fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
            .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\", error=\"invalid_request\"")
    }

    /// 401: the token is unknown, expired or revoked; which of them is not said.
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The token is unknown, expired or revoked.",
        )
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\", error=\"invalid_token\"")
    }

    /// 403: the token is valid and does not permit this.
    #[must_use]
    pub fn permission_denied(missing: &AskedPermission) -> Self {
        let challenge =
            format!("Bearer realm=\"sso\", error=\"insufficient_scope\", scope=\"{missing}\"");
        Self::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            format!("The permission {missing} is missing."),
        )
        .header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 404: not found, or hidden from the caller.
    #[must_use]
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 429: the caller may try again after `wait`.
    #[must_use]
    pub fn too_many_requests(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        wait: Duration,
    ) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).try_again_after(wait)
    }

    /// 503: the answer is unknown right now, and may be known in a second. The caller's credential
    /// may be valid.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::unavailable_for(code, detail, Duration::from_secs(1))
    }

    /// 503, as [`unavailable`](Self::unavailable), with the time after which to try again.
    #[must_use]
    pub fn unavailable_for(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        wait: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).try_again_after(wait)
    }

    /// 500, of which the caller learns nothing and the log all.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Internal error; the log of the service names the cause under the request id.",
        )
        .caused_by(cause)
    }

    /// Names the parts of the input that were at fault, 20 at most.
    #[must_use]
    pub fn with_errors(mut self, mut errors: Vec<FieldFault>) -> Self {
        errors.truncate(MAX_FAULTS);
        self.0.errors = errors;
        self
    }

    /// The same problem with another status, for callers that know few.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        // Our headers are made of constants and parsed names: visible ASCII.
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Adds `Retry-After`, in whole seconds: rounded up, so that a client that obeys it is not
    /// refused again, and one at least.
    fn try_again_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        self.header(header::RETRY_AFTER, seconds.to_string())
    }

    /// Answers with another body in place of the details. The first body counts.
    pub fn show_as(&self, body: ProblemBody) {
        // There may be a body already, which knows better what to say.
        let _ = self.0.body.set(body);
    }

    /// Whether it is answered with another body than the details.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.0.body.get().is_some()
    }

    /// When it may be worth to try again, if the answer says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let header = self.0.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        let seconds = header.and_then(|(_, value)| value.to_str().ok()?.parse().ok());
        seconds.map(Duration::from_secs)
    }

    /// Keeps what lies behind it for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The stable name of the problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What went wrong, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The faults of the input.
    #[must_use]
    pub fn errors(&self) -> &[FieldFault] {
        &self.0.errors
    }

    /// What lies behind it and is only for the log.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.0.cause.as_deref()
    }

    /// The answer to the request with this id.
    pub(crate) fn to_response(&self, request_id: &str) -> HttpResponse<BoxBody> {
        let parts = &*self.0;
        let mut response = HttpResponseBuilder::new(parts.status);
        for (name, value) in &parts.headers {
            response.append_header((name.clone(), value.clone()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match parts.body.get() {
            Some(body) => {
                for (name, value) in &body.headers {
                    response.insert_header((name.clone(), value.clone()));
                }
                response.content_type(body.content_type.clone()).body(body.text.clone())
            }
            None => response.content_type("application/problem+json").json(ProblemDetails {
                r#type: "about:blank",
                title: parts.status.canonical_reason().unwrap_or_default(),
                status: parts.status.as_u16(),
                detail: &parts.detail,
                code: parts.code,
                request_id,
                errors: &parts.errors,
            }),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    /// Without a request id; the edge answers in its place.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.to_response("")
    }
}

impl From<MalformedAuthorization> for Problem {
    fn from(fault: MalformedAuthorization) -> Self {
        Self::invalid_request(format!("The credentials cannot be read: {fault}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_wait_is_rounded_up_to_a_second_at_least() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            let wait = Duration::from_millis(milliseconds);
            let problem = Problem::too_many_requests("too_many", "Too many.", wait);
            assert_eq!(problem.retry_after(), Some(Duration::from_secs(seconds)));
        }
    }
}
