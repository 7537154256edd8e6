//! `POST /oauth/token`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use service_runtime::http::{RequestContext, Result};

use super::{
    client_grants::{exchange_code, exchange_device_code, renew},
    errors::refused,
    form::OAuthForm,
    token_exchange::exchange_token,
};
use crate::{
    authority::SessionAuthority,
    http::wire::{
        query::{NoParameters, QueryString},
        source::source,
    },
    oauth::TokenExchange,
    oidc::OidcProvider,
    site::Site,
};

/// The grant of RFC 8693.
pub(in crate::http) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The grants of RFC 6749, for clients of OpenID Connect.
pub(in crate::http) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(in crate::http) const REFRESH_TOKEN: &str = "refresh_token";

/// The grant of RFC 8628, for the first-party client.
pub(in crate::http) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Issues a token by the grant that the request names.
pub(in crate::http) async fn token(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    exchange: Data<TokenExchange>,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut form = OAuthForm::read(&request, body).await?;
    let context = RequestContext::of(&request);
    let headers = request.headers();
    match form.required("grant_type")?.as_str() {
        AUTHORIZATION_CODE => {
            exchange_code(form, &request, &provider, &site, source(&context)).await
        }
        REFRESH_TOKEN => {
            renew(form, headers, (&provider, &authority), &site, source(&context)).await
        }
        DEVICE_CODE => exchange_device_code(form, &request, &provider, source(&context)).await,
        TOKEN_EXCHANGE => exchange_token(form, &exchange, &site, source(&context)).await,
        _ => Err(refused("unsupported_grant_type", "The grant type is not supported.")),
    }
}
