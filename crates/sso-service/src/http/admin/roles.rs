//! `GET /admin/roles`; `PUT` and `DELETE /admin/roles/{role}`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use serde::Serialize;
use service_runtime::http::{Query, Result};
use shared_types::Permission;

use super::listed::{done, listed, part};
use crate::{
    administration::Administration,
    http::{
        account_error::no_such_role,
        caller::administrator::Administrator,
        wire::{answer::private_in, json_body::members_of},
    },
    users::{Permissions, Role, RoleName},
};

/// Some roles, by name.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let page = desk.roles(&part(&request)?).await?;
    Ok(listed("roles", page.map(Shown::from)))
}

/// Makes a role permit this and nothing else.
pub(super) async fn set(
    mut admin: Administrator,
    request: HttpRequest,
    name: Path<String>,
    body: Payload,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let mut members = members_of(&request, body).await?;
    let role = name.parse::<RoleName>();
    let role = role.map_err(|fault| members.refuse_parameter("role", fault.to_string())).ok();
    let permissions = members.required_values::<Permission>("permissions");
    let (role, permissions) = members.finish_exactly(role.zip(permissions))?;
    let shown = Shown {
        name: role.as_str().to_owned(),
        permissions: Permissions::lasting(&permissions).spelled().to_vec(),
        builtin: false,
    };
    let created = desk.set_role(admin.actor()?, role, permissions).await?;
    let response = if created { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(private_in(response, &shown))
}

/// Deletes a role.
pub(super) async fn delete(
    mut admin: Administrator,
    request: HttpRequest,
    name: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let role = name.parse().map_err(|_| no_such_role())?;
    desk.delete_role(admin.actor()?, role).await?;
    Ok(done())
}

#[derive(Serialize)]
struct Shown {
    name: String,
    permissions: Vec<String>,
    builtin: bool,
}

impl From<Role> for Shown {
    fn from(role: Role) -> Self {
        Self { permissions: role.permissions(), name: role.name, builtin: role.builtin }
    }
}
