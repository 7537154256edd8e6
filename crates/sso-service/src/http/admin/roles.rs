//! `GET /admin/roles`; `PUT` and `DELETE /admin/roles/{role}`.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize};
use service_runtime::http::{Authenticated, Result};
use shared_types::Permission;
use utoipa::ToSchema;

use super::page::{PageQuery, list_response};
use crate::{
    administration::Administration,
    http::{
        caller::administrator::Administrator,
        error::no_such_role,
        wire::{
            body_faults::{BodyFaults, TextList},
            json::JsonBody,
            member::Member,
            query::{NoParameters, QueryString},
            response::{no_content, private_in},
        },
    },
    users::{Permissions, Role, RoleName},
};

/// The body that sets a role.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct SetRoleRequest {
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = true)]
    permissions: Member<TextList>,
}

/// A role.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RoleResponse {
    name: String,
    permissions: Vec<String>,
    builtin: bool,
}

/// Lists roles, by name.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.roles(&part).await?;
    Ok(list_response("roles", page.map(RoleResponse::from)))
}

/// Creates a role, or replaces its permissions.
pub(in crate::http) async fn set(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<SetRoleRequest>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let (role, permissions) = body.of_role(&name)?;
    let answer = RoleResponse {
        name: role.as_str().to_owned(),
        permissions: Permissions::lasting(&permissions).spelled().to_vec(),
        builtin: false,
    };
    let created = administration.set_role(admin.actor().await?, role, permissions).await?;
    let response = if created { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(private_in(response, &answer))
}

/// Deletes a role.
pub(in crate::http) async fn delete(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let role = name.parse().map_err(|_| no_such_role())?;
    administration.delete_role(admin.actor().await?, role).await?;
    Ok(no_content())
}

impl SetRoleRequest {
    /// What the body says of the role of this name.
    ///
    /// # Errors
    /// All faults.
    pub(in crate::http) fn of_role(
        self,
        name: &str,
    ) -> Result<(RoleName, Vec<Permission>), BodyFaults> {
        let mut faults = BodyFaults::default();
        let role = faults.path_parameter("role", name);
        let permissions = faults.required_list("permissions", self.permissions);
        faults.finish(|| role.zip(permissions))
    }
}

impl From<Role> for RoleResponse {
    fn from(role: Role) -> Self {
        Self { permissions: role.permissions, name: role.name, builtin: role.builtin }
    }
}
