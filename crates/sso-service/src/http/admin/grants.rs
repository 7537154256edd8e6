//! `GET` and `POST /admin/grants`; `DELETE /admin/grants/{id}`.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::http::{Authenticated, Result};
use shared_types::Permission;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{PageQuery, list_response};
use crate::{
    administration::{Administration, AdministrationError},
    grants::{Grant, NewGrant, Reason},
    http::{
        caller::administrator::Administrator,
        wire::{
            body_faults::BodyFaults,
            instant::Instant,
            json::JsonBody,
            member::Member,
            query::{NoParameters, QueryString},
            response::{no_content, private_in},
        },
    },
    users::Username,
};

/// The body of a new grant.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct CreateGrantRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    permission: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = DateTime)]
    expires_at: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    reason: Member<String>,
}

/// A grant.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct GrantResponse {
    id: Uuid,
    username: String,
    permission: String,
    expires_at: DateTime<Utc>,
    reason: String,
    granted_by: String,
    created_at: DateTime<Utc>,
}

/// Lists grants, the oldest first.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery<Uuid>>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.grants(&part).await?;
    Ok(list_response("grants", page.map(GrantResponse::from)))
}

/// Creates a grant.
pub(in crate::http) async fn create(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<CreateGrantRequest>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let actor = admin.actor().await?;
    let grant = GrantTerms::try_from(body)?.granted_by(actor.name());
    let grant = administration.create_grant(actor, grant).await?;
    Ok(private_in(HttpResponse::Created(), &GrantResponse::from(grant)))
}

/// Deletes a grant.
pub(in crate::http) async fn delete(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    id: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let id = id.parse().map_err(|_| AdministrationError::NoSuchGrant)?;
    administration.delete_grant(admin.actor().await?, id).await?;
    Ok(no_content())
}

/// The terms of a new grant.
pub(in crate::http) struct GrantTerms {
    username: Username,
    permission: Permission,
    expires_at: Instant,
    reason: Reason,
}

impl TryFrom<CreateGrantRequest> for GrantTerms {
    type Error = BodyFaults;

    fn try_from(request: CreateGrantRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required("username", request.username);
        let permission = faults.required("permission", request.permission);
        let expires_at = faults.required("expires_at", request.expires_at);
        let reason = faults.required("reason", request.reason);
        faults.finish(|| {
            Some(Self {
                username: username?,
                permission: permission?,
                expires_at: expires_at?,
                reason: reason?,
            })
        })
    }
}

impl GrantTerms {
    /// The grant by the author of this name.
    pub(in crate::http) fn granted_by(self, name: &str) -> NewGrant {
        NewGrant {
            username: self.username,
            permission: self.permission,
            expires_at: self.expires_at.0,
            reason: self.reason,
            granted_by: name.to_owned(),
        }
    }
}

impl From<Grant> for GrantResponse {
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
