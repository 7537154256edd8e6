//! `GET` and `POST /admin/users`; `GET`, `PATCH` and `DELETE /admin/users/{username}`.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::http::{Authenticated, Problem, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{PageQuery, list_response};
use crate::{
    administration::{Administration, RequestedChange, RequestedUser},
    http::{
        caller::administrator::Administrator,
        error::no_such_user,
        wire::{
            body_faults::{BodyFaults, TextList},
            json::JsonBody,
            member::Member,
            query::{NoParameters, QueryString},
            response::{no_content, private, private_in},
        },
    },
    users::{RoleName, User, Username},
};

/// The body of a new user.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct CreateUserRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    password: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Member<String>,
    /// The role `user` if it is absent.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    roles: Member<TextList>,
}

/// The body of a change of a user. Absent members stay as they are.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct UpdateUserRequest {
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    roles: Member<TextList>,
    #[serde(default)]
    #[schema(value_type = bool)]
    disabled: Member<bool>,
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: Member<String>,
    /// Null removes the address.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Member<String>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct UserResponse {
    id: Uuid,
    username: String,
    email: Option<String>,
    /// Whether the address is known to be the user's.
    verified: bool,
    roles: Vec<String>,
    /// Of roles and grants, now.
    permissions: Vec<String>,
    disabled: bool,
    created_at: DateTime<Utc>,
}

/// Lists users, by name.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.users(&part).await?;
    Ok(list_response("users", page.map(UserResponse::from)))
}

/// Creates a user.
pub(in crate::http) async fn create(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<CreateUserRequest>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = body.try_into()?;
    let user = administration.create_user(admin.actor().await?, wish).await?;
    Ok(private_in(HttpResponse::Created(), &UserResponse::from(user)))
}

/// Shows a user.
pub(in crate::http) async fn show(
    _: Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    Ok(private(&UserResponse::from(administration.user(&username(&name)?).await?)))
}

/// Changes the given members of a user.
pub(in crate::http) async fn update(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<UpdateUserRequest>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = body.try_into()?;
    let user = administration.update_user(admin.actor().await?, username(&name)?, wish).await?;
    Ok(private(&UserResponse::from(user)))
}

/// Deletes a user.
pub(in crate::http) async fn delete(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    name: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    administration.delete_user(admin.actor().await?, username(&name)?).await?;
    Ok(no_content())
}

/// The user name in a path. No user has a name that does not parse.
pub(super) fn username(name: &str) -> Result<Username, Problem> {
    name.parse().map_err(|_| no_such_user())
}

impl TryFrom<CreateUserRequest> for RequestedUser {
    type Error = BodyFaults;

    fn try_from(request: CreateUserRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required("username", request.username);
        let password = faults.required("password", request.password);
        let email = faults.nullable("email", request.email).flatten();
        let roles = role_names(&mut faults, request.roles);
        let roles = roles.unwrap_or_else(|| vec!["user".to_owned()]);
        faults.finish(|| {
            Some(Self {
                username: username?,
                password: password?,
                email,
                roles,
                permissions: Vec::new(),
            })
        })
    }
}

impl TryFrom<UpdateUserRequest> for RequestedChange {
    type Error = BodyFaults;

    fn try_from(request: UpdateUserRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let wish = Self {
            roles: role_names(&mut faults, request.roles),
            disabled: faults.optional_flag("disabled", request.disabled),
            password: faults.optional("password", request.password),
            email: faults.nullable("email", request.email),
        };
        faults.finish(|| Some(wish))
    }
}

fn role_names(faults: &mut BodyFaults, roles: Member<TextList>) -> Option<Vec<String>> {
    let roles: Vec<RoleName> = faults.optional_list("roles", roles)?;
    Some(roles.iter().map(ToString::to_string).collect())
}

impl From<User> for UserResponse {
    fn from(User { account, disabled, .. }: User) -> Self {
        Self {
            id: account.user_id,
            username: account.username,
            email: account.email,
            verified: account.email_verified,
            roles: account.roles,
            permissions: account.permissions.spelled().to_vec(),
            disabled,
            created_at: account.created_at,
        }
    }
}
