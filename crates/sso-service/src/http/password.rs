//! `POST /auth/password`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CACHE_CONTROL,
    web::{Data, Payload},
};
use service_runtime::http::{RequestContext, Result};

use super::{json_body::members_of, origin::origin, sessions::who_changes};
use crate::{accounts::Accounts, authority::SessionAuthority, site::Site, users::Password};

/// Gives whoever is logged in another password. The other sessions end.
pub(super) async fn change(
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let own = who_changes(&request, &authority, &site)?;
    let mut members = members_of(&request, body).await?;
    let current = members.required_text("current_password");
    let new = members.required::<Password>("new_password");
    let new = members.finish_with(new)?;
    let context = RequestContext::of(&request);
    accounts.change_password(&own, &current, new, origin(&context)).await?;
    Ok(HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish())
}
