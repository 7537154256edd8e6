//! JWTs in exchange for session tokens and API keys (RFC 8693).

use std::{fmt, sync::Arc};

use chrono::TimeDelta;
use service_runtime::clock::{Clock, id_at};
use shared_types::BearerToken;
use zeroize::Zeroizing;

use super::{
    audience::{Audience, Audiences},
    claims::{AccessTokenClaims, TokenStamp},
    scope::Scope,
    signing::SigningKeys,
    signing_error::SigningError,
};
use crate::{
    audit::{AuditLog, Kind, Source},
    authority::{Holder, SessionAuthority},
};

/// How long a JWT lives at most. A revocation does not reach it.
const MAX_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Issues JWTs to holders of active tokens.
#[derive(Debug)]
pub(crate) struct TokenExchange {
    clock: Arc<dyn Clock>,
    authority: Arc<SessionAuthority>,
    keys: Arc<SigningKeys>,
    audiences: Audiences,
    audit: AuditLog,
}

/// A wish for a JWT.
#[derive(Debug)]
pub(crate) struct ExchangeRequest<'a> {
    /// The active token; `None` for a text that is no token at all.
    pub(crate) subject_token: Option<BearerToken>,
    /// The name of the service that the JWT is for.
    pub(crate) audience: Option<&'a str>,
    /// The permissions that it shall carry; all without it.
    pub(crate) scope: Option<&'a str>,
    /// The issuer of the JWT.
    pub(crate) issuer: &'a str,
}

/// A JWT that was issued.
#[derive(Debug)]
pub(crate) struct IssuedJwt {
    pub(crate) token: JwtText,
    /// In seconds.
    pub(crate) expires_in: i64,
    /// The permissions that it carries, separated by blanks.
    pub(crate) scope: String,
}

impl TokenExchange {
    /// Exchanges for these audiences.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        authority: Arc<SessionAuthority>,
        keys: Arc<SigningKeys>,
        audiences: Audiences,
        audit: AuditLog,
    ) -> Self {
        Self { clock, authority, keys, audiences, audit }
    }

    /// Issues a JWT to the holder of an active token. It ends with that token, or earlier.
    ///
    /// # Errors
    /// When the token is not active, the audience or the scope is not granted, or signing keys
    /// cannot be read.
    pub(crate) async fn exchange(
        &self,
        request: ExchangeRequest<'_>,
        from: Source<'_>,
    ) -> Result<IssuedJwt, ExchangeError> {
        let audience = request.audience.and_then(|name| self.audiences.find(name));
        let audience = audience.ok_or(ExchangeError::InvalidTarget)?;
        let token = request.subject_token.as_ref().ok_or(ExchangeError::InactiveSubject)?;
        let holder = self.authority.introspect(token, from).await;
        let holder = holder.map_err(|_| ExchangeError::UnknownSubject)?;
        let holder = holder.ok_or(ExchangeError::InactiveSubject)?;
        let scope = Scope::of(&holder.account, request.scope);
        let scope = scope.map_err(|_| ExchangeError::InvalidScope)?;
        let stamp = self.stamp(&holder).ok_or(ExchangeError::InactiveSubject)?;
        let claims = AccessTokenClaims::new(request.issuer, audience, &holder, &scope, stamp);
        let token = JwtText(self.keys.sign(&claims).await?);
        self.record(&holder, audience, from);
        let expires_in = stamp.exp - stamp.iat;
        Ok(IssuedJwt { token, expires_in, scope: scope.permissions().join(" ") })
    }

    /// In whole seconds, as RFC 7519 has them, and rounded down. `None` if the holder's token ends
    /// within this second.
    fn stamp(&self, holder: &Holder) -> Option<TokenStamp> {
        let now = self.clock.now();
        let end = holder.expires_at.min(now + MAX_LIFETIME);
        let (iat, exp) = (now.timestamp(), end.timestamp());
        (iat < exp).then(|| TokenStamp { jti: id_at(now), iat, exp })
    }

    fn record(&self, holder: &Holder, audience: &Audience, from: Source<'_>) {
        let event = holder.event(Kind::TokenExchanged, self.clock.now(), from);
        self.audit.record(event.on(audience.as_str()));
    }
}

/// A JWT, for the one answer that hands it out. `Debug` does not show it.
pub(crate) struct JwtText(pub(crate) Zeroizing<String>);

impl JwtText {
    /// The token itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JwtText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtText(…)")
    }
}

/// A token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The subject token is unknown, expired or revoked, or of a kind that is not exchanged.
    #[error("the subject token is not active")]
    InactiveSubject,
    /// No audience was named, or one that JWTs are not issued for.
    #[error("the audience is none that tokens are issued for")]
    InvalidTarget,
    /// The scope holds a permission that the subject lacks.
    #[error("the subject does not have all permissions of the scope")]
    InvalidScope,
    /// The subject token could not be checked.
    #[error("the subject token cannot be checked")]
    UnknownSubject,
    /// The JWT could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}
