//! Validation of tokens.

use shared_types::{AskedPermission, BearerToken, TokenKind};

use super::{counters::ValidationOutcome, holder::Holder, service::SessionAuthority};
use crate::{
    audit::{Kind, Source},
    sessions::{Principal, SharedTokens, TokenRecord},
    tokens::TokenHash,
};

impl SessionAuthority {
    /// The holder of a valid token, if the account has the permission asked for.
    ///
    /// # Errors
    /// When the token is not valid, or the permission is missing.
    pub(crate) async fn validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        let result = self.try_validate(token, asked, from).await;
        self.outcomes.count_validation(validation_outcome(&result));
        result
    }

    /// Validates a token once more within its request, which counts as one validation.
    ///
    /// # Errors
    /// As [`SessionAuthority::validate`].
    pub(crate) async fn validate_again(
        &self,
        token: &BearerToken,
        asked: &AskedPermission,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        self.try_validate(token, Some(asked), from).await
    }

    /// The holder of a valid token of a session.
    ///
    /// # Errors
    /// [`TokenRefusal::InvalidToken`] when the token is not valid,
    /// [`TokenRefusal::SessionRequired`] when it is a valid key.
    pub(crate) async fn principal(&self, token: &BearerToken) -> Result<Principal, TokenRefusal> {
        // Prefix and checksum first: a token of another issuer costs no look-up.
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token).await,
            Some(TokenKind::ApiKey) => {
                self.key_holder(token).await.and(Err(TokenRefusal::SessionRequired))
            }
            _ => Err(TokenRefusal::InvalidToken),
        }
    }

    /// The holder of a valid token of any kind.
    async fn holder(&self, token: &BearerToken) -> Result<Holder, TokenRefusal> {
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token).await.map(Holder::from),
            Some(TokenKind::ApiKey) => self.key_holder(token).await,
            _ => Err(TokenRefusal::InvalidToken),
        }
    }

    async fn session_holder(&self, token: &BearerToken) -> Result<Principal, TokenRefusal> {
        let hash = TokenHash::of(token.expose());
        if let Some(shared) = self.live.shared() {
            return Box::pin(self.shared_session_holder(shared, hash)).await;
        }
        match self.store.known(|| self.live.find(&hash, self.clock.now())).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) if !self.store.is_ending(&hash) => Err(TokenRefusal::InvalidToken),
            Ok(None) | Err(_) => Err(TokenRefusal::Unknown),
        }
    }

    /// The holder of a token that is in Redis, unless memory has something against its record.
    /// Otherwise the database decides.
    async fn shared_session_holder(
        &self,
        shared: &SharedTokens,
        hash: TokenHash,
    ) -> Result<Principal, TokenRefusal> {
        let record = shared.read(hash).await.map_err(|_| TokenRefusal::Unknown)?;
        let accept = || {
            let record = record.as_ref().filter(|record| shared.can_rely_on(record))?;
            self.live.accept(&hash, record, self.clock.now())
        };
        match self.store.known(accept).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => self.session_holder_in_database(hash).await,
            Err(_) => Err(TokenRefusal::Unknown),
        }
    }

    /// The holder of a token that the database has.
    async fn session_holder_in_database(&self, hash: TokenHash) -> Result<Principal, TokenRefusal> {
        let found = self.store.find_token(hash).await.map_err(|_| TokenRefusal::Unknown)?;
        let record = found.ok_or(TokenRefusal::InvalidToken)?;
        let accept = || self.live.accept(&hash, &record, self.clock.now());
        match self.store.known(accept).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) if self.is_over(&record) => Err(TokenRefusal::InvalidToken),
            Ok(None) | Err(_) => Err(TokenRefusal::Unknown),
        }
    }

    /// Whether a record that was not accepted is one of a token that has ended, and no instance
    /// may know otherwise.
    fn is_over(&self, record: &TokenRecord) -> bool {
        self.live.user(record.user).is_some() && !self.store.is_session_ending(record.session)
    }

    /// A key without an end is valid for as long as a session token would be, and longer if asked
    /// about again.
    async fn key_holder(&self, token: &BearerToken) -> Result<Holder, TokenRefusal> {
        let hash = TokenHash::of(token.expose());
        let key = self.store.known(|| self.keys.find(&hash, self.clock.now())).await;
        let key = key.map_err(|_| TokenRefusal::Unknown)?.ok_or(TokenRefusal::InvalidToken)?;
        Ok(Holder {
            session_id: None,
            issued_at: key.account.created_at,
            expires_at: key.expires_at.unwrap_or(self.now() + self.lifetimes.token),
            account: key.account,
        })
    }

    async fn try_validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        let holder = self.holder(token).await?;
        match asked {
            Some(asked) if !holder.account.may(asked) => {
                let event = self.event(Kind::PermissionDenied, &holder, from);
                self.audit.record(event.asking(asked));
                Err(TokenRefusal::Denied(asked.clone()))
            }
            _ => Ok(holder),
        }
    }
}

/// A token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefusal {
    /// It is unknown, expired or revoked, or not of a kind that is accepted.
    #[error("the token is unknown, expired or revoked")]
    InvalidToken,
    /// It is a valid key, which has no session.
    #[error("an API key has no session")]
    SessionRequired,
    /// It is valid, and its account lacks the permission.
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
    /// The database does not answer, so it is not known whether it is valid.
    #[error("the token cannot be checked")]
    Unknown,
}

fn validation_outcome(result: &Result<Holder, TokenRefusal>) -> ValidationOutcome {
    match result {
        Ok(_) => ValidationOutcome::Valid,
        Err(TokenRefusal::InvalidToken | TokenRefusal::SessionRequired) => {
            ValidationOutcome::Invalid
        }
        Err(TokenRefusal::Denied(_)) => ValidationOutcome::Denied,
        Err(TokenRefusal::Unknown) => ValidationOutcome::Unknown,
    }
}
