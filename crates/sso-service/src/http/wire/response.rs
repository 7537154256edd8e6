//! Successful responses.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, ContentType, HeaderValue},
};
use serde::Serialize;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// 200 with an answer for one caller alone, which no cache may keep.
pub(in crate::http) fn private(answer: &impl Serialize) -> HttpResponse {
    private_in(HttpResponse::Ok(), answer)
}

/// The same in a response that was begun: of another status, or with cookies.
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

/// 204.
pub(in crate::http) fn no_content() -> HttpResponse {
    no_content_in(HttpResponse::NoContent())
}

/// The same in a response that was begun.
pub(in crate::http) fn no_content_in(mut response: HttpResponseBuilder) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, NO_STORE)).finish()
}
