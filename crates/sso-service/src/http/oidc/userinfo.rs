//! `GET` and `POST /oauth/userinfo` (OpenID Connect Core, section 5.3).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    web::Data,
};
use service_runtime::http::{Problem, Result};

use crate::{
    http::{caller::credential::header_token, wire::response::private},
    oidc::{OidcProvider, UserClaims},
};

/// Tells a client about its user, by its access token in the header.
pub(in crate::http) async fn userinfo(
    request: HttpRequest,
    provider: Data<OidcProvider>,
) -> Result<HttpResponse> {
    let token = header_token(&request)?.ok_or_else(no_token)?;
    let access = provider.access(&token).await?.ok_or_else(Problem::invalid_token)?;
    Ok(private(&UserClaims::new(&access.account, access.scope)))
}

fn no_token() -> Problem {
    let detail = "Send the access token as Authorization: Bearer.";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", detail)
        .header(WWW_AUTHENTICATE, "Bearer realm=\"sso\"")
}
