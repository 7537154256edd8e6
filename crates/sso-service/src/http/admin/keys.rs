//! `GET` and `POST /admin/keys`; `DELETE /admin/keys/{id}`.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::http::{Authenticated, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{PageQuery, list_response};
use crate::{
    administration::{Administration, AdministrationError, RequestedKey},
    http::{
        caller::administrator::Administrator,
        wire::{
            body_faults::{BodyFaults, TextList},
            instant::Instant,
            json::JsonBody,
            member::Member,
            query::{NoParameters, QueryString},
            response::{no_content, private_in},
        },
    },
    keys::ApiKey,
};

/// The body of a new API key.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct CreateKeyRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    name: Member<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = true)]
    permissions: Member<TextList>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Member<String>,
}

/// A new API key: the one answer that holds its text.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct CreatedKeyResponse<'a> {
    key: &'a str,
    #[serde(flatten)]
    details: KeyResponse,
}

/// An API key.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeyResponse {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    created_by: String,
    created_at: DateTime<Utc>,
}

/// Lists API keys, the oldest first.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery<Uuid>>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.keys(&part).await?;
    Ok(list_response("keys", page.map(KeyResponse::from)))
}

/// Creates an API key.
pub(in crate::http) async fn create(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<CreateKeyRequest>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = body.try_into()?;
    let (token, key) = administration.create_key(admin.actor().await?, wish).await?;
    let answer = CreatedKeyResponse { key: token.expose(), details: key.into() };
    Ok(private_in(HttpResponse::Created(), &answer))
}

/// Deletes an API key.
pub(in crate::http) async fn delete(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    id: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let id = id.parse().map_err(|_| AdministrationError::NoSuchKey)?;
    administration.delete_key(admin.actor().await?, id).await?;
    Ok(no_content())
}

impl TryFrom<CreateKeyRequest> for RequestedKey {
    type Error = BodyFaults;

    fn try_from(request: CreateKeyRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let name = faults.required("name", request.name);
        let permissions = faults.required_list("permissions", request.permissions);
        let expires_at = faults.nullable::<Instant>("expires_at", request.expires_at).flatten();
        let expires_at = expires_at.map(|instant| instant.0);
        faults.finish(|| Some(Self { name: name?, permissions: permissions?, expires_at }))
    }
}

impl From<ApiKey> for KeyResponse {
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
