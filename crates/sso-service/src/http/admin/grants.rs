//! `GET` and `POST /admin/grants`; `DELETE /admin/grants/{id}`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Query, Result};
use uuid::Uuid;

use super::listed::{done, listed, part};
use crate::{
    administration::{Actor, Administration, AdministrationError},
    grants::{Grant, NewGrant},
    http::{
        caller::administrator::Administrator,
        wire::{
            answer::private_in,
            instant::Instant,
            json_body::{Members, members_of},
        },
    },
};

/// Some grants, the oldest first.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let page = desk.grants(&part(&request)?).await?;
    Ok(listed("grants", page.map(Shown::from)))
}

/// A new grant.
pub(super) async fn create(
    mut admin: Administrator,
    request: HttpRequest,
    body: Payload,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let members = members_of(&request, body).await?;
    let actor = admin.actor()?;
    let grant = desk.create_grant(actor, grant_in(members, actor)?).await?;
    Ok(private_in(HttpResponse::Created(), &Shown::from(grant)))
}

/// Takes a grant back.
pub(super) async fn delete(
    mut admin: Administrator,
    request: HttpRequest,
    id: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let id = id.parse().map_err(|_| AdministrationError::NoSuchGrant)?;
    desk.delete_grant(admin.actor()?, id).await?;
    Ok(done())
}

fn grant_in(mut members: Members, actor: Actor<'_>) -> Result<NewGrant> {
    let username = members.required("username");
    let permission = members.required("permission");
    let expires_at = members.required::<Instant>("expires_at");
    let reason = members.required("reason");
    let grant = || {
        Some(NewGrant {
            username: username?,
            permission: permission?,
            expires_at: expires_at?.0,
            reason: reason?,
            granted_by: actor.name().to_owned(),
        })
    };
    members.finish_exactly(grant())
}

#[derive(Serialize)]
struct Shown {
    id: Uuid,
    username: String,
    permission: String,
    expires_at: DateTime<Utc>,
    reason: String,
    granted_by: String,
    created_at: DateTime<Utc>,
}

impl From<Grant> for Shown {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            username: grant.username,
            permission: grant.permission,
            expires_at: grant.expires_at,
            reason: grant.reason,
            granted_by: grant.granted_by,
            created_at: grant.created_at,
        }
    }
}
