//! `GET` and `DELETE /admin/users/{username}/sessions`.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Query, Result};
use uuid::Uuid;

use super::{
    listed::{done, listed, part},
    users::username,
};
use crate::{
    administration::Administration, http::caller::administrator::Administrator,
    sessions::SessionDetails,
};

/// Some sessions of a user, the newest first.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    name: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let part = part(&request)?;
    let page = desk.sessions_of(&username(&name)?, &part).await?;
    Ok(listed("sessions", page.map(Shown::from)))
}

/// Ends them all.
pub(super) async fn end(
    mut admin: Administrator,
    request: HttpRequest,
    name: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    desk.end_sessions_of(admin.actor()?, username(&name)?).await?;
    Ok(done())
}

#[derive(Serialize)]
struct Shown {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl From<SessionDetails> for Shown {
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
