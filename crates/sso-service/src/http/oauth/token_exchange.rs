//! The grant of token exchange (RFC 8693).

use actix_web::HttpResponse;
use serde::Serialize;
use service_runtime::http::{Problem, Result};
use shared_types::BearerToken;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{errors::refused, form::OAuthForm};
use crate::{
    audit::Source,
    http::wire::response::private,
    oauth::{ExchangeRequest, TokenExchange},
    site::Site,
};

/// Types of tokens (section 3).
pub(in crate::http) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The parameters of a request (section 2.1).
struct ExchangeForm {
    subject_token: Zeroizing<String>,
    audience: Option<Zeroizing<String>>,
    scope: Option<Zeroizing<String>>,
    issued_token_type: &'static str,
}

/// The answer (section 2.2.1).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TokenResponse<'a> {
    access_token: &'a str,
    issued_token_type: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

/// Exchanges a session token or an API key for a JWT.
pub(super) async fn exchange_token(
    form: OAuthForm,
    exchange: &TokenExchange,
    site: &Site,
    from: Source<'_>,
) -> Result<HttpResponse> {
    let form = ExchangeForm::try_from(form)?;
    let request = ExchangeRequest {
        subject_token: BearerToken::parse(form.subject_token.as_bytes()).ok(),
        audience: form.audience.as_ref().map(|audience| audience.as_str()),
        scope: form.scope.as_ref().map(|scope| scope.as_str()),
        issuer: site.origin().as_str(),
    };
    let issued = exchange.exchange(request, from).await?;
    Ok(private(&TokenResponse {
        access_token: issued.token.expose(),
        issued_token_type: form.issued_token_type,
        token_type: "Bearer",
        expires_in: issued.expires_in,
        scope: &issued.scope,
    }))
}

impl TryFrom<OAuthForm> for ExchangeForm {
    type Error = Problem;

    fn try_from(mut form: OAuthForm) -> Result<Self> {
        let subject_token = form.required("subject_token")?;
        if form.required("subject_token_type")?.as_str() != ACCESS_TOKEN {
            return Err(refused(
                "invalid_request",
                "The type of the subject token is not supported.",
            ));
        }
        if form.take("actor_token").is_some() || form.take("actor_token_type").is_some() {
            return Err(refused("invalid_request", "A token for another actor is not issued."));
        }
        if form.take("resource").is_some() {
            let description = "The service is named by the parameter audience, not by resource.";
            return Err(refused("invalid_target", description));
        }
        let issued_token_type = requested_token_type(&mut form)?;
        let (audience, scope) = (form.take("audience"), form.take("scope"));
        Ok(Self { subject_token, audience, scope, issued_token_type })
    }
}

fn requested_token_type(form: &mut OAuthForm) -> Result<&'static str> {
    let requested = form.take("requested_token_type");
    match requested.as_ref().map(|requested| requested.as_str()) {
        None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
        Some(JWT) => Ok(JWT),
        Some(_) => Err(refused("invalid_request", "The requested token type is not supported.")),
    }
}
