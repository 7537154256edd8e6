//! `GET` and `POST /admin/users`; `GET`, `PATCH` and `DELETE /admin/users/{username}`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Problem, Query, Result};
use uuid::Uuid;

use super::listed::{done, listed, part};
use crate::{
    administration::{Administration, NewUserWish, UserWish},
    http::{
        account_error::no_such_user,
        caller::administrator::Administrator,
        wire::{
            answer::{private, private_in},
            json_body::{Members, members_of},
        },
    },
    users::{RoleName, User, Username},
};

/// Some users, by name.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let page = desk.users(&part(&request)?).await?;
    Ok(listed("users", page.map(Shown::from)))
}

/// A new user.
pub(super) async fn create(
    mut admin: Administrator,
    request: HttpRequest,
    body: Payload,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = new_user_in(members_of(&request, body).await?)?;
    let user = desk.create_user(admin.actor()?, wish).await?;
    Ok(private_in(HttpResponse::Created(), &Shown::from(user)))
}

/// A user.
pub(super) async fn show(
    _: Administrator,
    request: HttpRequest,
    name: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    Ok(private(&Shown::from(desk.user(&username(&name)?).await?)))
}

/// Changes what is named of a user, and nothing else.
pub(super) async fn update(
    mut admin: Administrator,
    request: HttpRequest,
    name: Path<String>,
    body: Payload,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    let wish = wish_in(members_of(&request, body).await?)?;
    let user = desk.update_user(admin.actor()?, username(&name)?, wish).await?;
    Ok(private(&Shown::from(user)))
}

/// Deletes a user.
pub(super) async fn delete(
    mut admin: Administrator,
    request: HttpRequest,
    name: Path<String>,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    desk.delete_user(admin.actor()?, username(&name)?).await?;
    Ok(done())
}

/// The user of a path. What can be nobody's name is nobody.
pub(super) fn username(name: &str) -> Result<Username, Problem> {
    name.parse().map_err(|_| no_such_user())
}

/// Without roles it is the role that everybody has.
fn new_user_in(mut members: Members) -> Result<NewUserWish> {
    let username = members.required("username");
    let password = members.required("password");
    let email = members.value_or_null("email").flatten();
    let roles = roles_in(&mut members).unwrap_or_else(|| vec!["user".to_owned()]);
    let wish = || Some(NewUserWish { username: username?, password: password?, email, roles });
    members.finish_exactly(wish())
}

fn wish_in(mut members: Members) -> Result<UserWish> {
    let wish = UserWish {
        roles: roles_in(&mut members),
        disabled: members.optional_flag("disabled"),
        password: members.contains("password").then(|| members.required("password")).flatten(),
        email: members.value_or_null("email"),
    };
    members.finish_exactly(Some(wish))
}

fn roles_in(members: &mut Members) -> Option<Vec<String>> {
    let roles: Vec<RoleName> = members.values("roles")?;
    Some(roles.iter().map(ToString::to_string).collect())
}

#[derive(Serialize)]
struct Shown {
    id: Uuid,
    username: String,
    email: Option<String>,
    roles: Vec<String>,
    /// Of roles and grants, now.
    permissions: Vec<String>,
    disabled: bool,
    created_at: DateTime<Utc>,
}

impl From<User> for Shown {
    fn from(User { account, disabled, .. }: User) -> Self {
        Self {
            id: account.user_id,
            username: account.username,
            email: account.email,
            roles: account.roles,
            permissions: account.permissions.spelled().to_vec(),
            disabled,
            created_at: account.created_at,
        }
    }
}
