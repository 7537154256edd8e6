//! The list of pods.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, ACCEPT},
    },
    web,
};
use serde::Serialize;
use service_runtime::http::{Problem, Query, Result};
use utoipa::ToSchema;

use crate::{
    http::{
        accepted_types::AcceptedTypes,
        pods::{
            entry::PodEntry,
            events,
            query::{PodsRequest, pods_request},
        },
        streaming::open_log::AuthenticatedRequest,
    },
    pods::ListPodsError,
};

/// The media types of the answer, the preferred one first.
const TYPES: [&str; 2] = ["application/json", "text/event-stream"];

pub(in crate::http) async fn list(asked: AuthenticatedRequest) -> Result<HttpResponse> {
    let is_stream = wants_events(&asked.request)?;
    let query = Query::parse(asked.request.query_string());
    let PodsRequest { choice, heartbeat } = pods_request(query, is_stream)?;
    if is_stream {
        return events::respond(asked, choice, heartbeat).await;
    }
    let AuthenticatedRequest { state, caller, .. } = asked;
    caller.may_read_any().map_err(ListPodsError::Denied)?;
    let catalog = state.pods.of_caller(&caller, choice.only_namespace()).await?;
    // It looks at every file there is: not on a request's thread.
    let look = move || catalog.readable_pods(&caller, &choice);
    let pods = web::block(look).await.map_err(Problem::internal)??;
    let pods = pods.iter().map(|pod| PodEntry::of(pod)).collect();
    let list = PodList { pods, missing: state.pods.missing() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(list))
}

/// Whether the request prefers events.
fn wants_events(request: &HttpRequest) -> Result<bool> {
    if !request.headers().contains_key(ACCEPT) {
        return Ok(false);
    }
    let accepted = AcceptedTypes::of(request).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The Accept header cannot be read.")
    })?;
    accepted.first_of(&TYPES).map(|index| index == 1).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Pods are available as application/json or text/event-stream.",
        )
    })
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct PodList<'a> {
    pods: Vec<PodEntry<'a>>,
    /// The nodes of which the present pods are not known; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}
