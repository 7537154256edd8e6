//! `POST /oauth/introspect` (RFC 7662).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use service_runtime::http::{Authenticated, RequestContext, Result};
use shared_types::BearerToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{asker::TokenAsker, form::OAuthForm};
use crate::{
    authority::{Holder, SessionAuthority},
    http::wire::{
        query::{NoParameters, QueryString},
        response::{private, private_json},
        source::source,
    },
    oidc::{ClientAccess, ClientId, OidcProvider},
    site::Site,
};

/// The one answer about every token that is not active: it does not tell why (section 2.2).
const INACTIVE: &[u8] = br#"{"active":false}"#;

/// The answer about an active token: the members of section 2.2, and what our tokens have besides.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ActiveToken<'a> {
    active: bool,
    /// The permissions, separated by blanks.
    scope: String,
    /// The key itself: it is its own client. A session belongs to no client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    username: &'a str,
    token_type: &'static str,
    /// In seconds since 1970, as `iat`.
    exp: i64,
    iat: i64,
    /// The id of the user, or of the key.
    sub: Uuid,
    iss: &'a str,
    /// The id of the session; absent for a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    roles: &'a [String],
    permissions: &'a [String],
}

/// The answer to a client about an active access token of its own, which permits nothing.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ActiveClientToken<'a> {
    active: bool,
    scope: String,
    #[schema(value_type = Uuid)]
    client_id: ClientId,
    token_type: &'static str,
    /// In seconds since 1970, as `iat`.
    exp: i64,
    iat: i64,
    /// The id of the user.
    sub: Uuid,
    iss: &'a str,
}

/// Tells a service about a token, or a client about its own. A hint at the kind of the token changes nothing.
pub(in crate::http) async fn introspect(
    Authenticated(asker): Authenticated<TokenAsker>,
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    provider: Data<OidcProvider>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut form = OAuthForm::read(&request, body).await?;
    let token = form.required("token")?;
    let token = BearerToken::parse(token.as_bytes()).ok();
    let told = match (asker, token) {
        (TokenAsker::Service(caller), token) => {
            caller.check_again().await?;
            let context = RequestContext::of(&request);
            let holder = match token {
                Some(token) => authority.introspect(&token, source(&context)).await?,
                None => None,
            };
            holder.map(|holder| private(&ActiveToken::of(&holder, &site)))
        }
        (TokenAsker::Client(client), Some(token)) => {
            let access = provider.access_of(&client, &token).await?;
            access.map(|access| private(&ActiveClientToken::of(&access, &site)))
        }
        (TokenAsker::Client(_), None) => None,
    };
    Ok(told.unwrap_or_else(|| private_json(INACTIVE.to_vec())))
}

impl<'a> ActiveClientToken<'a> {
    fn of(access: &ClientAccess, site: &'a Site) -> Self {
        Self {
            active: true,
            scope: access.scope.to_string(),
            client_id: access.client,
            token_type: "Bearer",
            exp: access.expires_at.timestamp(),
            iat: access.issued_at.timestamp(),
            sub: access.account.user_id,
            iss: site.origin().as_str(),
        }
    }
}

impl<'a> ActiveToken<'a> {
    fn of(holder: &'a Holder, site: &'a Site) -> Self {
        let account = &*holder.account;
        let permissions = account.permissions.spelled();
        Self {
            active: true,
            scope: permissions.join(" "),
            client_id: holder.session_id.is_none().then_some(account.username.as_str()),
            username: &account.username,
            token_type: "Bearer",
            exp: holder.expires_at.timestamp(),
            iat: holder.issued_at.timestamp(),
            sub: account.user_id,
            iss: site.origin().as_str(),
            sid: holder.session_id,
            roles: &account.roles,
            permissions,
        }
    }
}
