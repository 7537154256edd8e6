//! `GET` and `DELETE /admin/users/{username}/sessions`.

use std::net::IpAddr;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Authenticated, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    page::{PageQuery, list_response},
    users::username,
};
use crate::{
    administration::Administration,
    http::{
        caller::administrator::Administrator,
        wire::{
            query::{NoParameters, QueryString},
            response::no_content,
        },
    },
    sessions::SessionDetails,
};

/// A session of a user.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct UserSessionResponse {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

/// Lists sessions of a user, the newest first.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery<Uuid>>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.sessions_of(&username(&name)?, &part).await?;
    Ok(list_response("sessions", page.map(UserSessionResponse::from)))
}

/// Ends all sessions of a user.
pub(in crate::http) async fn end(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    administration.end_sessions_of(admin.actor().await?, username(&name)?).await?;
    Ok(no_content())
}

impl From<SessionDetails> for UserSessionResponse {
    fn from(session: SessionDetails) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.ends_at,
            ip: session.ip,
            user_agent: session.user_agent,
        }
    }
}
