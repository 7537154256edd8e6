//! `GET /pods`: what the caller may read.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, ReqData},
};
use chrono::{DateTime, SubsecRound, Utc};
use pod_logs::{ContainerName, PodSummary};
use serde::Serialize;
use service_runtime::http::{Problem, Query, Result};
use utoipa::ToSchema;

use crate::{auth::Caller, http::GatewayState};

pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    // It looks at every file there is: not on a request's thread.
    let (reader, caller) = (state.reader.clone(), caller.into_inner());
    let pods = web::block(move || reader.pods(&caller)).await.map_err(Problem::internal)??;
    let pods = pods.iter().map(PodEntry::from).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(PodList { pods }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct PodList<'a> {
    pods: Vec<PodEntry<'a>>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PodEntry<'a> {
    namespace: &'a str,
    pod: &'a str,
    uid: &'a str,
    containers: Vec<&'a str>,
    /// When its newest file was last written to; null if it has none that can be read.
    last_write: Option<DateTime<Utc>>,
    /// Of all its log files, in bytes.
    size: u64,
}

impl<'a> From<&'a PodSummary> for PodEntry<'a> {
    fn from(summary: &'a PodSummary) -> Self {
        Self {
            namespace: summary.pod.namespace.as_str(),
            pod: summary.pod.pod.as_str(),
            uid: summary.uid.as_str(),
            containers: summary.containers.iter().map(ContainerName::as_str).collect(),
            last_write: summary.last_write.map(|instant| instant.trunc_subsecs(3)),
            size: summary.size,
        }
    }
}
