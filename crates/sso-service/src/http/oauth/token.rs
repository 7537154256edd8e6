//! `POST /oauth/token`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use service_runtime::http::{RequestContext, Result};

use super::{errors::refused, form::OAuthForm, token_exchange::exchange_token};
use crate::{
    http::wire::{
        query::{NoParameters, QueryString},
        source::source,
    },
    oauth::TokenExchange,
    site::Site,
};

/// The grant of RFC 8693.
pub(in crate::http) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Issues a token by the grant that the request names.
pub(in crate::http) async fn token(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    exchange: Data<TokenExchange>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut form = OAuthForm::read(&request, body).await?;
    let context = RequestContext::of(&request);
    match form.required("grant_type")?.as_str() {
        TOKEN_EXCHANGE => exchange_token(form, &exchange, &site, source(&context)).await,
        _ => Err(refused("unsupported_grant_type", "The grant type is not supported.")),
    }
}
