//! What the documents have in common.

use actix_web::{
    HttpResponse,
    guard::GuardContext,
    http::header::{CACHE_CONTROL, HeaderValue},
};
use serde::Serialize;

/// An hour. A key is published much longer before it signs.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Whether a request is for a well-known path.
pub(in crate::http) fn is_well_known(context: &GuardContext<'_>) -> bool {
    context.head().uri.path().starts_with("/.well-known/")
}

/// 200 with a document that every client may cache.
pub(super) fn public(document: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, CACHED)).json(document)
}
