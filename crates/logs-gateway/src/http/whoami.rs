//! `GET /whoami`: the caller, and what this gateway offers.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, ReqData},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Query, Result};
use utoipa::ToSchema;

use crate::{auth::Caller, http::GatewayState, reader::SourceOffers};

pub(super) async fn get(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let answer = WhoAmI::of(&caller, &state);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer))
}

#[derive(Serialize, ToSchema)]
pub(super) struct WhoAmI<'a> {
    username: &'a str,
    permissions: Vec<String>,
    /// When the token ends.
    expires_at: DateTime<Utc>,
    /// Where callers log in.
    sso_url: &'a str,
    /// Where logs come from.
    source: &'static str,
    offers: OfferedReading,
    limits: ReadLimits,
}

/// What the source of the logs can do.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceOffers)]
struct OfferedReading {
    /// Rotated files and earlier runs can be read.
    history: bool,
    /// Lines of one stream can be chosen.
    stream: bool,
    /// Pods have labels.
    labels: bool,
    /// Lines before a cursor can be read without reading the whole log.
    before: bool,
}

impl From<SourceOffers> for OfferedReading {
    fn from(offers: SourceOffers) -> Self {
        let SourceOffers { history, stream, labels, before } = offers;
        Self { history, stream, labels, before }
    }
}

/// What a caller may do at once.
#[derive(Serialize, ToSchema)]
struct ReadLimits {
    /// Open bodies of one user.
    streams_per_user: usize,
    /// Logs that one stream of many pods merges.
    pods_per_stream: usize,
}

impl<'a> WhoAmI<'a> {
    fn of(caller: &'a Caller, state: &'a GatewayState) -> Self {
        let offers = state.reader.offers();
        Self {
            username: &caller.username,
            permissions: caller.permissions().collect(),
            expires_at: caller.expires_at,
            sso_url: state.public.sso_without_slash(),
            source: state.pods.source_name(),
            offers: offers.into(),
            limits: ReadLimits {
                streams_per_user: state.streams.max_per_user(),
                pods_per_stream: state.reader.max_logs(),
            },
        }
    }
}
