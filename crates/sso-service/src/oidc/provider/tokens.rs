//! Codes and refresh tokens in exchange for tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared_types::{BearerToken, TokenKind};

use super::{
    claims::{IdTokenClaims, UserClaims, access_token_hash},
    error::GrantRefusal,
    service::OidcProvider,
};
use crate::{
    audit::{Kind, Source},
    oauth::JwtText,
    oidc::{
        authorization::{
            ClientAccess, ClientGrant, ClientRenewal, CodeChallenge, CodePresentation,
            CodeRedemption, Exchanged, NewClientTokens, OidcScope,
        },
        client::{ClientId, OidcClient},
    },
    sessions::log_in_millis,
    store::{StoreError, Unavailable},
    tokens::{Nonce, PlainToken, TokenHash},
};

/// How long an ID token is valid: it is read at once. Keys are published for longer.
const ID_TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// A code that a client presents. Without `Debug`: it is a secret, as its verifier.
pub(crate) struct PresentedCode<'a> {
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: String,
    pub(crate) verifier: &'a str,
}

impl PresentedCode<'_> {
    /// The code as the store compares it.
    pub(super) fn of(self, client: ClientId, now: DateTime<Utc>) -> CodePresentation {
        let challenge = CodeChallenge::of_verifier(self.verifier);
        CodePresentation {
            code: TokenHash::of(self.code),
            client,
            redirect_uri: self.redirect_uri,
            challenge: challenge.map(|challenge| challenge.as_str().to_owned()),
            now,
        }
    }
}

/// Tokens that a client gets.
#[derive(Debug)]
pub(crate) struct IssuedTokens {
    pub(crate) access_token: PlainToken,
    /// In seconds.
    pub(crate) expires_in: i64,
    /// With scope `offline_access`.
    pub(crate) refresh_token: Option<PlainToken>,
    pub(crate) id_token: JwtText,
    pub(crate) scope: OidcScope,
}

impl OidcProvider {
    /// Exchanges a code for tokens.
    ///
    /// # Errors
    /// When the code is not valid, or tokens cannot be written or signed.
    pub(crate) async fn redeem(
        &self,
        client: &OidcClient,
        presented: PresentedCode<'_>,
        issuer: &str,
        from: Source<'_>,
    ) -> Result<IssuedTokens, GrantRefusal> {
        self.keys.check_id_tokens(client.settings.id_token_alg).await?;
        let access_token = PlainToken::generate(TokenKind::ClientAccess)?;
        let refresh_token = PlainToken::generate(TokenKind::ClientRefresh)?;
        let redemption = CodeRedemption {
            presented: presented.of(client.id, self.now()),
            tokens: self.new_tokens(&access_token, &refresh_token),
        };
        let exchanged = self.store.redeem_code(redemption).await?;
        let grant = self.granted(client, exchanged, from)?;
        self.issue(client, &grant, access_token, refresh_token, issuer).await
    }

    /// Exchanges a refresh token for its successor and an access token. `scope` may not exceed what
    /// was granted; it is not narrowed by it.
    ///
    /// # Errors
    /// When the refresh token is not valid, or tokens cannot be written or signed.
    pub(crate) async fn renew(
        &self,
        client: &OidcClient,
        presented: &BearerToken,
        scope: Option<&str>,
        issuer: &str,
        from: Source<'_>,
    ) -> Result<IssuedTokens, GrantRefusal> {
        if presented.kind() != Some(TokenKind::ClientRefresh) {
            return Err(GrantRefusal::InvalidGrant);
        }
        let scope = scope.map(|scope| OidcScope::parse(scope).ok_or(GrantRefusal::InvalidScope));
        self.keys.check_id_tokens(client.settings.id_token_alg).await?;
        let nonce = Nonce::generate()?;
        let following = |nonce, kind| PlainToken::following(presented, nonce, kind);
        let renewal = ClientRenewal {
            presented: TokenHash::of(presented.expose()),
            client: client.id,
            nonce,
            scope: scope.transpose()?,
            tokens: self.new_tokens(
                &following(&nonce, TokenKind::ClientAccess),
                &following(&nonce, TokenKind::ClientRefresh),
            ),
        };
        let exchanged = self.store.renew_client(renewal).await?;
        let grant = self.granted(client, exchanged, from)?;
        // An answer that was lost is given again: with the nonce of that time.
        let nonce = grant.token_nonce.unwrap_or(nonce);
        let access_token = following(&nonce, TokenKind::ClientAccess);
        let refresh_token = following(&nonce, TokenKind::ClientRefresh);
        self.issue(client, &grant, access_token, refresh_token, issuer).await
    }

    /// The holder of a live access token of a client; `None` for any other text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn access(
        &self,
        token: &BearerToken,
    ) -> Result<Option<ClientAccess>, StoreError> {
        if token.kind() != Some(TokenKind::ClientAccess) {
            return Ok(None);
        }
        self.store.client_access(TokenHash::of(token.expose()), self.now()).await
    }

    /// As [`OidcProvider::access`], for the client that a token was given to. The end is told in whole
    /// seconds, and from that second on the token is not active.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn access_of(
        &self,
        client: &OidcClient,
        token: &BearerToken,
    ) -> Result<Option<ClientAccess>, StoreError> {
        let access = self.access(token).await?;
        let now = self.now().timestamp();
        let is_told = |access: &ClientAccess| {
            access.client == client.id && now < access.expires_at.timestamp()
        };
        Ok(access.filter(is_told))
    }

    /// Revokes a token of a client for its holder. Any other text is revoked as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn revoke(&self, token: &BearerToken) -> Result<(), Unavailable> {
        match token.kind() {
            Some(TokenKind::ClientAccess | TokenKind::ClientRefresh) => {
                self.store.revoke_client_token(TokenHash::of(token.expose())).await
            }
            _ => Ok(()),
        }
    }

    fn new_tokens(&self, access: &PlainToken, refresh: &PlainToken) -> NewClientTokens {
        let now = self.now();
        NewClientTokens {
            access: access.hash(),
            refresh: refresh.hash(),
            now,
            access_expires_at: now + self.lifetimes.token,
            refresh_expires_at: now + self.lifetimes.refresh,
        }
    }

    fn granted(
        &self,
        client: &OidcClient,
        exchanged: Exchanged,
        from: Source<'_>,
    ) -> Result<ClientGrant, GrantRefusal> {
        match exchanged {
            Exchanged::Granted(grant) => Ok(*grant),
            Exchanged::Reused(reused) => {
                let (account, session_id) = (&reused.account, reused.session_id);
                self.record(Kind::ClientTokenReused, client, account, session_id, from);
                Err(GrantRefusal::InvalidGrant)
            }
            Exchanged::ScopeExceeded => Err(GrantRefusal::InvalidScope),
            Exchanged::Refused => Err(GrantRefusal::InvalidGrant),
        }
    }

    async fn issue(
        &self,
        client: &OidcClient,
        grant: &ClientGrant,
        access_token: PlainToken,
        refresh_token: PlainToken,
        issuer: &str,
    ) -> Result<IssuedTokens, GrantRefusal> {
        let now = self.now();
        let claims = IdTokenClaims {
            iss: issuer,
            aud: client.id,
            exp: (now + ID_TOKEN_LIFETIME).timestamp(),
            iat: now.timestamp(),
            auth_time: log_in_millis(grant.session_id) / 1000,
            sid: grant.session_id,
            nonce: grant.nonce.as_deref(),
            at_hash: access_token_hash(access_token.expose()),
            user: UserClaims::new(&grant.account, grant.scope),
        };
        let id_token = self.keys.sign_id_token(client.settings.id_token_alg, &claims).await?;
        Ok(IssuedTokens {
            access_token,
            expires_in: seconds_until(grant.access_expires_at, now),
            refresh_token: grant.scope.offline_access.then_some(refresh_token),
            id_token: JwtText(id_token),
            scope: grant.scope,
        })
    }
}

/// Rounded down.
fn seconds_until(end: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let left = (end - now).to_std().unwrap_or(Duration::ZERO).as_secs();
    i64::try_from(left).unwrap_or(i64::MAX)
}
