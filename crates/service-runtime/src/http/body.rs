//! Bodies of requests: bounded in size and in time.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    body::{self, BodyStream},
    dev,
    http::{StatusCode, header},
    web::{Bytes, Payload},
};

use tokio::time::timeout;

use super::{Problem, Result};

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
const MAX_BODY_TIME: Duration = Duration::from_secs(10);

/// The content type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Reads the content type; `None` when the header is absent.
///
/// # Errors
/// 415 for any other type.
pub fn content_type(request: &HttpRequest) -> Result<Option<ContentType>> {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else {
        return Ok(None);
    };
    let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    match essence.trim_ascii().to_ascii_lowercase().as_slice() {
        b"application/json" => Ok(Some(ContentType::Json)),
        b"application/x-www-form-urlencoded" => Ok(Some(ContentType::Form)),
        _ => Err(unsupported_media_type()),
    }
}

/// Reads the whole body.
///
/// # Errors
/// 413 over [`MAX_BODY_BYTES`], 408 when it takes longer than ten seconds, 400 when it ends early.
pub async fn read_body(payload: Payload) -> Result<Bytes> {
    let payload = payload.into_inner();
    if matches!(payload, dev::Payload::None) {
        return Ok(Bytes::new());
    }
    let read = body::to_bytes_limited(BodyStream::new(payload), MAX_BODY_BYTES);
    match timeout(MAX_BODY_TIME, read).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The body ends early."))
        }
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "The body took too long to arrive.",
        )),
    }
}

pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        format!("The body must have at most {MAX_BODY_BYTES} bytes."),
    )
}

/// 415.
#[must_use]
pub fn unsupported_media_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "This path does not accept the Content-Type of the body.",
    )
}
