//! Answers that are good news.

use actix_web::{HttpResponse, HttpResponseBuilder, http::header::CACHE_CONTROL};
use serde::Serialize;

/// 200 with what concerns one caller alone: nobody on the way may keep it.
pub(super) fn private(answer: &impl Serialize) -> HttpResponse {
    private_in(HttpResponse::Ok(), answer)
}

/// The same in a response that holds cookies already.
pub(super) fn private_in(
    mut response: HttpResponseBuilder,
    answer: &impl Serialize,
) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, "no-store")).json(answer)
}
