//! Validation of tokens.

use shared_types::{AskedPermission, BearerToken, TokenKind};

use super::{counters::ValidationOutcome, holder::Holder, service::SessionAuthority};
use crate::{
    audit::{Kind, Source},
    sessions::Principal,
    tokens::TokenHash,
};

impl SessionAuthority {
    /// The holder of a valid token, if the account has the permission asked for.
    ///
    /// # Errors
    /// When the token is not valid, or the permission is missing.
    pub(crate) fn validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        let result = self.try_validate(token, asked, from);
        self.outcomes.count_validation(validation_outcome(&result));
        result
    }

    /// Validates a token once more within its request, which counts as one validation.
    ///
    /// # Errors
    /// As [`SessionAuthority::validate`].
    pub(crate) fn validate_again(
        &self,
        token: &BearerToken,
        asked: &AskedPermission,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        self.try_validate(token, Some(asked), from)
    }

    /// The holder of a valid token of a session.
    ///
    /// # Errors
    /// [`TokenRefusal::InvalidToken`] when the token is not valid,
    /// [`TokenRefusal::SessionRequired`] when it is a valid key.
    pub(crate) fn principal(&self, token: &BearerToken) -> Result<Principal, TokenRefusal> {
        // Prefix and checksum first: a token of another issuer costs no look-up.
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token),
            Some(TokenKind::ApiKey) => {
                self.key_holder(token).and(Err(TokenRefusal::SessionRequired))
            }
            _ => Err(TokenRefusal::InvalidToken),
        }
    }

    /// The holder of a valid token of any kind.
    fn holder(&self, token: &BearerToken) -> Result<Holder, TokenRefusal> {
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token).map(Holder::from),
            Some(TokenKind::ApiKey) => self.key_holder(token),
            _ => Err(TokenRefusal::InvalidToken),
        }
    }

    fn session_holder(&self, token: &BearerToken) -> Result<Principal, TokenRefusal> {
        let found = self.live.find(&TokenHash::of(token.expose()), self.clock.now());
        found.ok_or(TokenRefusal::InvalidToken)
    }

    /// A key without an end is valid for as long as a session token would be, and longer if asked
    /// about again.
    fn key_holder(&self, token: &BearerToken) -> Result<Holder, TokenRefusal> {
        let now = self.clock.now();
        let key = self.keys.find(&TokenHash::of(token.expose()), now);
        let key = key.ok_or(TokenRefusal::InvalidToken)?;
        Ok(Holder {
            session_id: None,
            issued_at: key.account.created_at,
            expires_at: key.expires_at.unwrap_or(self.now() + self.lifetimes.token),
            account: key.account,
        })
    }

    fn try_validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, TokenRefusal> {
        let holder = self.holder(token)?;
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

/// A token was refused.
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
}

fn validation_outcome(result: &Result<Holder, TokenRefusal>) -> ValidationOutcome {
    match result {
        Ok(_) => ValidationOutcome::Valid,
        Err(TokenRefusal::InvalidToken | TokenRefusal::SessionRequired) => {
            ValidationOutcome::Invalid
        }
        Err(TokenRefusal::Denied(_)) => ValidationOutcome::Denied,
    }
}
