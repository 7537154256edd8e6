//! Problems in place of the bare answers to bytes that are not a request.
//!
//! actix-http answers bytes that it cannot parse, and heads that are too large or too late, with a
//! bare head. It never becomes a request, so the edge does not see it.

use actix_web::http::StatusCode;

use crate::problem::Problem;

/// The problem to send in place of `answer`, if that is a bare one.
pub(super) fn problem_of(answer: &[u8]) -> Option<Problem> {
    let head = answer.strip_prefix(b"HTTP/1.1 ").or_else(|| answer.strip_prefix(b"HTTP/1.0 "))?;
    if !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    let (status, code, detail) = match head.get(..3)? {
        b"400" => (StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read."),
        b"408" => (
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "The head of the request took too long to arrive.",
        ),
        b"431" => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "The head of the request is too large.",
        ),
        _ => return None,
    };
    Some(Problem::new(status, code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_answers_become_problems() {
        for (answer, expected) in [
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", Some("bad_request")),
            ("HTTP/1.0 408 Request Timeout\r\n\r\n", Some("request_timeout")),
            ("HTTP/1.1 431 x\r\n\r\n", Some("headers_too_large")),
            ("HTTP/1.1 400 Bad Request\r\n\r\n{}", None),
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 40", None),
            ("line", None),
        ] {
            let problem = problem_of(answer.as_bytes());
            assert_eq!(problem.as_ref().map(Problem::code), expected, "{answer}");
        }
    }
}
