//! `POST /auth/register`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use service_runtime::http::{RequestContext, Result};
use uuid::Uuid;

use super::{
    answer::private_in,
    json_body::{Members, members_of},
    origin::origin,
};
use crate::{
    accounts::{Accounts, Newcomer},
    users::{Email, Password},
};

/// Creates an account for a stranger.
pub(super) async fn register(
    request: HttpRequest,
    body: Payload,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    // Where nobody may register it is of no use to mend the request.
    accounts.check_open()?;
    let newcomer = newcomer_in(members_of(&request, body).await?)?;
    let registered = accounts.register(newcomer, origin(&RequestContext::of(&request))).await?;
    let answer = Answer {
        id: registered.id,
        username: registered.username.as_str(),
        email: registered.email.as_ref().map(Email::as_str),
    };
    Ok(private_in(HttpResponse::Created(), &answer))
}

fn newcomer_in(mut members: Members) -> Result<Newcomer> {
    let username = members.required("username");
    let password = members.required::<Password>("password");
    let email = members.value_or_null("email").flatten();
    let newcomer = || Some(Newcomer { username: username?, password: password?, email });
    members.finish_with(newcomer())
}

#[derive(Serialize)]
struct Answer<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
}
