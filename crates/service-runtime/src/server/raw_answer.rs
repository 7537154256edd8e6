//! Answers to bytes that never became a request.

use std::time::SystemTime;

use actix_web::{
    body::MessageBody,
    http::header::{CONTENT_LENGTH, DATE, HeaderValue, HttpDate},
};
use chrono::{DateTime, Utc};

use crate::{
    clock::id_at,
    problem::{Problem, REQUEST_ID},
};

/// The bytes of an answer after which the connection is closed.
pub(super) fn raw_answer(problem: &Problem, now: DateTime<Utc>) -> Vec<u8> {
    let id = id_at(now).to_string();
    let (response, body) = problem.to_response(&id).into_parts();
    // The body of a problem is complete in memory.
    let body = body.try_into_bytes().unwrap_or_default();
    let mut headers = response.headers().clone();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set(REQUEST_ID, id);
    set(DATE, HttpDate::from(SystemTime::from(now)).to_string());
    set(CONTENT_LENGTH, body.len().to_string());
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let head = format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\n", status.as_str());
    let mut answer = head.into_bytes();
    for (name, value) in &headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            answer.extend_from_slice(part);
        }
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&body);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_request_is_like_any_other() {
        let problem = Problem::unavailable("too_many_connections", "There are too many.");
        let answer = String::from_utf8(raw_answer(&problem, DateTime::UNIX_EPOCH)).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for expected in [
            "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n",
            "\r\nretry-after: 1",
            "\r\ncontent-type: application/problem+json",
            "\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT",
            "\r\nx-request-id: 00000000-0000-7",
            &format!("\r\ncontent-length: {}", body.len()),
        ] {
            assert!(head.contains(expected), "{expected} in {head}");
        }
        assert!(body.contains("\"code\":\"too_many_connections\""), "{body}");
    }
}
