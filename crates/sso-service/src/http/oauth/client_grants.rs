//! The grants of clients of OpenID Connect: codes and refresh tokens (RFC 6749, sections 4.1.3 and
//! 6), and device codes (RFC 8628).

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderMap};
use serde::Serialize;
use service_runtime::http::{Problem, Result};
use shared_types::{BearerToken, SessionAnswer};
use utoipa::ToSchema;

use super::{client_credentials::authenticate_client, errors::refused, form::OAuthForm};
use crate::{
    audit::Source,
    authority::{LoginError, RefreshError, SessionAuthority},
    http::{auth::credentials::client_of, error::sentence, wire::response::private},
    oidc::{GrantRefusal, IssuedTokens, OidcProvider, PresentedCode},
    site::Site,
    tokens::PlainToken,
};

/// The answer (OpenID Connect Core, section 3.1.3.3).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ClientTokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// In seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    id_token: &'a str,
    scope: String,
}

/// Exchanges a code for tokens.
pub(super) async fn exchange_code(
    mut form: OAuthForm,
    request: &HttpRequest,
    provider: &OidcProvider,
    site: &Site,
    from: Source<'_>,
) -> Result<HttpResponse> {
    let client = authenticate_client(request.headers(), &mut form, provider).await?;
    let code = form.required("code")?;
    let redirect_uri = form.required("redirect_uri")?.to_string();
    let verifier = form.required("code_verifier")?;
    let presented = PresentedCode { code: &code, redirect_uri, verifier: &verifier };
    if client.id.is_first_party() {
        let begun = provider.begin_by_code(&client, presented, client_of(request), from).await?;
        return Ok(private(&SessionAnswer::from(&begun)));
    }
    let issued = provider.redeem(&client, presented, site.origin().as_str(), from).await?;
    Ok(response(&issued))
}

/// Exchanges a device code for a session, once its user has agreed (RFC 8628, section 3.4).
pub(super) async fn exchange_device_code(
    mut form: OAuthForm,
    request: &HttpRequest,
    provider: &OidcProvider,
    from: Source<'_>,
) -> Result<HttpResponse> {
    let client = authenticate_client(request.headers(), &mut form, provider).await?;
    if !client.id.is_first_party() {
        return Err(refused("unauthorized_client", "The client may not use this grant."));
    }
    let code = form.required("device_code")?;
    let begun = provider.begin_by_device(&client, &code, client_of(request), from).await?;
    Ok(private(&SessionAnswer::from(&begun)))
}

/// Exchanges a refresh token for tokens. That of a session is accepted from the client that began
/// the session only.
pub(super) async fn renew(
    mut form: OAuthForm,
    headers: &HeaderMap,
    services: (&OidcProvider, &SessionAuthority),
    site: &Site,
    from: Source<'_>,
) -> Result<HttpResponse> {
    let (provider, authority) = services;
    let client = authenticate_client(headers, &mut form, provider).await?;
    let token = form.required("refresh_token")?;
    let token = BearerToken::parse(token.as_bytes()).map_err(|_| GrantRefusal::InvalidGrant)?;
    if client.id.is_first_party() {
        if !provider.has_begun(&token).await? {
            return Err(GrantRefusal::InvalidGrant.into());
        }
        return match authority.refresh(&token, from).await {
            Ok(renewed) => Ok(private(&SessionAnswer::from(&renewed))),
            Err(RefreshError::InvalidToken | RefreshError::Reused(_)) => {
                Err(GrantRefusal::InvalidGrant.into())
            }
            Err(error) => Err(error.into()),
        };
    }
    let scope = form.take("scope");
    let scope = scope.as_ref().map(|scope| scope.as_str());
    let issued = provider.renew(&client, &token, scope, site.origin().as_str(), from).await?;
    Ok(response(&issued))
}

fn response(issued: &IssuedTokens) -> HttpResponse {
    private(&ClientTokenResponse {
        access_token: issued.access_token.expose(),
        token_type: "Bearer",
        expires_in: issued.expires_in,
        refresh_token: issued.refresh_token.as_ref().map(PlainToken::expose),
        id_token: issued.id_token.expose(),
        scope: issued.scope.to_string(),
    })
}

impl From<GrantRefusal> for Problem {
    fn from(refusal: GrantRefusal) -> Self {
        match refusal {
            GrantRefusal::InvalidGrant => refused("invalid_grant", sentence(&refusal)),
            GrantRefusal::InvalidScope => refused("invalid_scope", sentence(&refusal)),
            GrantRefusal::Undecided => refused("authorization_pending", sentence(&refusal)),
            GrantRefusal::TooEarly => refused("slow_down", sentence(&refusal)),
            GrantRefusal::Denied => refused("access_denied", sentence(&refusal)),
            GrantRefusal::DeviceExpired => refused("expired_token", sentence(&refusal)),
            GrantRefusal::TooManySessions(error) => LoginError::TooManySessions(error).into(),
            GrantRefusal::Random(error) => Self::internal(error),
            GrantRefusal::Signing(error) => error.into(),
            GrantRefusal::Store(error) => error.into(),
        }
    }
}
