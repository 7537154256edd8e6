//! What the documents have in common.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
};
use serde::Serialize;

/// An hour. A key is published much longer before it signs.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// 200 with a document that every client may cache.
pub(super) fn public(document: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, CACHED)).json(document)
}
