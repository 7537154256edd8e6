//! What a front asks nodes because of a request, and what it passes on of their answers.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use reqwest::header as sent;
use service_runtime::http::RequestContext;

use crate::{auth::Caller, front_reader::NodeRefusal, stream::NodesQuestion};

/// What a node is told of the client, besides the user.
const OF_CLIENT: [&str; 4] = ["kubectl-command", "kubectl-session", "last-event-id", "user-agent"];
/// What is passed on of an answer with a log. The rest is the same as the front's own.
const OF_LOG: [&str; 2] = ["content-encoding", "warning"];
/// What is passed on of another answer.
const OF_REFUSAL: [&str; 4] = ["cache-control", "content-type", "retry-after", "warning"];

/// The same request, for a node that is to answer in this media type; encoded as the client accepts
/// it if the body is passed on as it is.
pub(super) fn question(
    request: &HttpRequest,
    caller: &Caller,
    media_type: &'static str,
    passes_encoding: bool,
) -> NodesQuestion {
    let mut headers = sent::HeaderMap::new();
    headers.insert(sent::ACCEPT, sent::HeaderValue::from_static(media_type));
    let encoding = passes_encoding.then_some("accept-encoding");
    for name in OF_CLIENT.into_iter().chain(encoding) {
        for value in request.headers().get_all(name) {
            if let Ok(value) = sent::HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(sent::HeaderName::from_static(name), value);
            }
        }
    }
    NodesQuestion {
        path: request.uri().path().to_owned(),
        query: request.query_string().to_owned(),
        caller: caller.clone(),
        context: RequestContext::of(request),
        headers,
    }
}

/// Adds what a node says about its log.
pub(super) fn add_headers(response: &mut HttpResponseBuilder, headers: &sent::HeaderMap) {
    add(response, headers, &OF_LOG);
}

/// Says which nodes are missing in an answer.
pub(super) fn warn_of_missing(response: &mut HttpResponseBuilder, missing: &[String]) {
    if missing.is_empty() {
        return;
    }
    let is_plain =
        |character: &char| character.is_ascii_alphanumeric() || ".-_:[]".contains(*character);
    let names = missing.iter().map(|name| name.chars().filter(is_plain).collect::<String>());
    let names = names.collect::<Vec<_>>().join(", ");
    response.insert_header(("warning", format!("299 - \"missing nodes: {names}\"")));
}

/// Passes on an answer that is no log.
pub(super) fn refusal(refused: NodeRefusal) -> HttpResponse {
    let NodeRefusal { status, headers, body } = refused;
    let status = StatusCode::from_u16(status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE));
    add(&mut response, &headers, &OF_REFUSAL);
    response.body(body)
}

fn add(response: &mut HttpResponseBuilder, headers: &sent::HeaderMap, names: &[&'static str]) {
    for name in names {
        for value in headers.get_all(*name) {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                response.append_header((HeaderName::from_static(name), value));
            }
        }
    }
}
