//! The parts that the answers of all resources share.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use pod_logs::ApiAnswer;
use serde_json::{Value, json};

use super::{
    request::{go_query::GoQuery, page::Continue},
    status::{ResourceAction, StatusError},
};
use crate::http::streaming::open_log::AuthenticatedRequest;

/// 200 with an object that must not be cached.
pub(super) fn ok(object: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(object)
}

/// 200 with a list; a header warns of nodes whose present pods are not known.
pub(super) fn list(object: &Value, missing: &[String]) -> HttpResponse {
    let mut response = ok(object);
    if !missing.is_empty() {
        let names = missing.iter().take(NAMED_NODES).map(String::as_str).collect::<Vec<_>>();
        let others = if missing.len() > NAMED_NODES { " and others" } else { "" };
        let text = format!("the list may be incomplete: cannot reach {}{others}", names.join(", "));
        warn(&mut response, &text);
    }
    response
}

/// Adds a warning, which kubectl prints. The text is of visible ASCII, as names of nodes are.
pub(super) fn warn(response: &mut HttpResponse, text: &str) {
    if let Ok(warning) = HeaderValue::from_str(&format!("299 - \"{text}\"")) {
        response.headers_mut().append(header::WARNING, warning);
    }
}

/// How many nodes a warning names, which bounds the header.
const NAMED_NODES: usize = 16;

/// An answer of the API server, as it is.
pub(super) fn passed_answer(answer: ApiAnswer) -> HttpResponse {
    let ApiAnswer { status, content_type, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    response.content_type(content_type).insert_header((header::CACHE_CONTROL, "no-store"));
    response.body(body)
}

/// The metadata of a list in this version. `next` is where its next page begins.
pub(super) fn list_metadata(version: u64, next: Option<Continue>) -> Value {
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let Some(next) = next {
        metadata["continue"] = next.encode().into();
    }
    metadata
}

/// 403 for a list or watch of this resource; `namespace` is `None` at the cluster scope.
pub(super) fn list_forbidden(
    asked: &AuthenticatedRequest,
    resource: &'static str,
    namespace: Option<&str>,
) -> StatusError {
    let verb = match GoQuery::parse(asked.request.query_string()).flag("watch") {
        true => "watch",
        false => "list",
    };
    let action = ResourceAction { verb, group: "", resource, name: None, namespace };
    StatusError::forbidden(&asked.caller.username, action)
}
