//! The errors that operations share: problems (RFC 9457), one component for each status.

use serde_json::json;
use shared_types::ProblemDetails;
use utoipa::{
    ToSchema,
    openapi::{Ref, ResponseBuilder},
};

use super::{
    headers::header_ref,
    responses::{SharedResponse, json_content, uncached},
};

/// A status as a problem, with an example.
struct ProblemStatus {
    status: u16,
    /// The reason phrase of the status; without blanks, the name of the component.
    title: &'static str,
    description: &'static str,
    code: &'static str,
    detail: &'static str,
    /// Headers that the problem may carry.
    headers: &'static [&'static str],
}

static PROBLEMS: [ProblemStatus; 17] = [
    ProblemStatus {
        status: 400,
        title: "Bad Request",
        description: "The request cannot be parsed: a malformed or ambiguous credential, an unknown or \
                      repeated parameter or member, or a value that is not of its type.",
        code: "bad_request",
        detail: "x: is not a parameter of this path",
        headers: &["WWW-Authenticate"],
    },
    ProblemStatus {
        status: 401,
        title: "Unauthorized",
        description: "There is no credential (`not_authenticated`), or it is unknown, expired or \
                      revoked.",
        code: "invalid_token",
        detail: "The token is unknown, expired or revoked.",
        headers: &["WWW-Authenticate"],
    },
    ProblemStatus {
        status: 403,
        title: "Forbidden",
        description: "The credential is valid and does not permit this (`permission_denied`), needs \
                      to be of a session (`session_required`), or a page of another site sent the \
                      request (`csrf`).",
        code: "permission_denied",
        detail: "The permission sso:admin is missing.",
        headers: &["WWW-Authenticate"],
    },
    ProblemStatus {
        status: 404,
        title: "Not Found",
        description: "It does not exist, or the caller may not know that it does.",
        code: "not_found",
        detail: "Path not found.",
        headers: &[],
    },
    ProblemStatus {
        status: 405,
        title: "Method Not Allowed",
        description: "The path answers other methods.",
        code: "method_not_allowed",
        detail: "This path answers GET, HEAD only.",
        headers: &["Allow"],
    },
    ProblemStatus {
        status: 406,
        title: "Not Acceptable",
        description: "None of the accepted media types can be sent.",
        code: "not_acceptable",
        detail: "None of the media types in Accept can be sent.",
        headers: &[],
    },
    ProblemStatus {
        status: 408,
        title: "Request Timeout",
        description: "The body took longer than ten seconds to arrive.",
        code: "request_timeout",
        detail: "The body took too long to arrive.",
        headers: &[],
    },
    ProblemStatus {
        status: 409,
        title: "Conflict",
        description: "The state of the service does not permit this change.",
        code: "username_taken",
        detail: "The user name is taken.",
        headers: &[],
    },
    ProblemStatus {
        status: 410,
        title: "Gone",
        description: "The data is not there any longer.",
        code: "cursor_expired",
        detail: "The data that the cursor points to is gone; read again without it.",
        headers: &[],
    },
    ProblemStatus {
        status: 413,
        title: "Payload Too Large",
        description: "The body has more than 64 KiB.",
        code: "payload_too_large",
        detail: "A body may have 65536 bytes at most.",
        headers: &[],
    },
    ProblemStatus {
        status: 415,
        title: "Unsupported Media Type",
        description: "The body is of another media type.",
        code: "unsupported_media_type",
        detail: "This path does not accept the Content-Type of the body.",
        headers: &[],
    },
    ProblemStatus {
        status: 422,
        title: "Unprocessable Entity",
        description: "A value is well-formed and refused; `errors` names each.",
        code: "invalid_value",
        detail: "A value in the body is refused.",
        headers: &[],
    },
    ProblemStatus {
        status: 429,
        title: "Too Many Requests",
        description: "The caller has to wait.",
        code: "too_many_attempts",
        detail: "Too many log-ins have failed; try again later.",
        headers: &["Retry-After"],
    },
    ProblemStatus {
        status: 500,
        title: "Internal Server Error",
        description: "A fault of the service; the request id finds its cause in the log.",
        code: "internal_error",
        detail: "Internal error; the log of the service names the cause under the request id.",
        headers: &[],
    },
    ProblemStatus {
        status: 501,
        title: "Not Implemented",
        description: "The service is not configured for this.",
        code: "not_implemented",
        detail: "The service is not configured for this.",
        headers: &[],
    },
    ProblemStatus {
        status: 502,
        title: "Bad Gateway",
        description: "Another service, which this one asked, gave an answer that is not accepted.",
        code: "provider_invalid",
        detail: "The login provider gave an answer that is not accepted. Tell an administrator.",
        headers: &[],
    },
    ProblemStatus {
        status: 503,
        title: "Service Unavailable",
        description: "The answer is unknown right now: the credential may be valid. Try again.",
        code: "store_unavailable",
        detail: "The database does not answer; a change may not have been saved. Try again.",
        headers: &["Retry-After"],
    },
];

/// The problem of this status.
///
/// # Panics
/// When no endpoint answers with that status.
#[must_use]
pub fn problem(status: u16) -> SharedResponse {
    let problem = ProblemStatus::of(status);
    let name = problem.title.replace(' ', "");
    SharedResponse::new::<ProblemDetails<'static>>(status, name, problem.response())
}

/// The problem of this status as an answer of one operation, to which more headers are added.
///
/// # Panics
/// When no endpoint answers with that status.
#[must_use]
pub fn problem_answer(status: u16) -> ResponseBuilder {
    ProblemStatus::of(status).response()
}

impl ProblemStatus {
    fn of(status: u16) -> &'static Self {
        let found = PROBLEMS.iter().find(|problem| problem.status == status);
        let Some(problem) = found else { panic!("no problem has the status {status}") };
        problem
    }

    fn response(&self) -> ResponseBuilder {
        let schema = Ref::from_schema_name(ProblemDetails::name());
        let content = json_content(schema, self.example());
        let response = uncached(self.description).content("application/problem+json", content);
        let add =
            |response: ResponseBuilder, name: &&str| response.header_ref(*name, header_ref(name));
        self.headers.iter().fold(response, add)
    }

    fn example(&self) -> serde_json::Value {
        json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": "019b2f62-7d3c-7a51-9d0e-3f0c8a1b2c3d",
        })
    }
}
