//! Answers that are good news.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, ContentType, HeaderValue},
};
use serde::Serialize;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// 200 with what concerns one caller alone: nobody on the way may keep it.
pub(in crate::http) fn private(answer: &impl Serialize) -> HttpResponse {
    private_in(HttpResponse::Ok(), answer)
}

/// The same in a response that holds cookies already.
pub(in crate::http) fn private_in(
    mut response: HttpResponseBuilder,
    answer: &impl Serialize,
) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, NO_STORE)).json(answer)
}

/// The same for an answer that is JSON already.
pub(in crate::http) fn private_json(json: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, NO_STORE))
        .insert_header(ContentType::json())
        .body(json)
}
