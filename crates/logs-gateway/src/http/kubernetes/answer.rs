//! The parts that the answers of all resources share.

use actix_web::{HttpRequest, HttpResponse, http::header};
use serde_json::{Value, json};

use super::request::{go_query::GoQuery, page::Continue};

/// 200 with an object that must not be cached.
pub(super) fn ok(object: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(object)
}

/// The metadata of a list in this version. `next` is where its next page begins.
pub(super) fn list_metadata(version: u64, next: Option<Continue>) -> Value {
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let Some(next) = next {
        metadata["continue"] = next.encode().into();
    }
    metadata
}

/// The verb of a list request, as it is named in a refusal.
pub(super) fn list_verb(request: &HttpRequest) -> &'static str {
    match GoQuery::parse(request.query_string()).flag("watch") {
        true => "watch",
        false => "list",
    }
}
