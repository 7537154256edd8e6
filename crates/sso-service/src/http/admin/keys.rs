//! `GET` and `POST /admin/keys`; `DELETE /admin/keys/{id}`.

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
    administration::{Administration, AdministrationError, KeyWish},
    http::{
        caller::administrator::Administrator,
        wire::{
            answer::private_in,
            instant::Instant,
            json_body::{Members, members_of},
        },
    },
    keys::ApiKey,
};

/// Some keys, the oldest first.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let page = desk.keys(&part(&request)?).await?;
    Ok(listed("keys", page.map(Shown::from)))
}

/// A new key: the one answer that holds it.
pub(super) async fn create(
    mut admin: Administrator,
    request: HttpRequest,
    body: Payload,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = wish_in(members_of(&request, body).await?)?;
    let (token, key) = desk.create_key(admin.actor()?, wish).await?;
    let answer = Created { key: token.expose(), shown: key.into() };
    Ok(private_in(HttpResponse::Created(), &answer))
}

/// Deletes a key.
pub(super) async fn delete(
    mut admin: Administrator,
    request: HttpRequest,
    id: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let id = id.parse().map_err(|_| AdministrationError::NoSuchKey)?;
    desk.delete_key(admin.actor()?, id).await?;
    Ok(done())
}

fn wish_in(mut members: Members) -> Result<KeyWish> {
    let name = members.required("name");
    let permissions = members.required_values("permissions");
    let expires_at = members.value_or_null::<Instant>("expires_at").flatten();
    let expires_at = expires_at.map(|instant| instant.0);
    let wish = || Some(KeyWish { name: name?, permissions: permissions?, expires_at });
    members.finish_exactly(wish())
}

#[derive(Serialize)]
struct Created<'a> {
    key: &'a str,
    #[serde(flatten)]
    shown: Shown,
}

#[derive(Serialize)]
struct Shown {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<ApiKey> for Shown {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            permissions: key.permissions,
            expires_at: key.expires_at,
            created_by: key.created_by,
            created_at: key.created_at,
        }
    }
}
