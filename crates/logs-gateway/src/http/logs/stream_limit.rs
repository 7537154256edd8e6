//! The answer to a user at the limit of open logs.

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
