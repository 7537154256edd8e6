//! The answer to a user that reads as many logs as one may.

use actix_web::http::{StatusCode, header};
use service_runtime::http::Problem;

pub(in crate::http) fn too_many_streams(max: usize) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_streams",
        format!("You read {max} logs already; close one first."),
    )
    .header(header::RETRY_AFTER, "1")
}
