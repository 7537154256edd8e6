//! Renewal of sessions.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared_types::{BearerToken, TokenKind};
use uuid::Uuid;

use super::logged_in::LoggedIn;
use crate::{
    audit::{Event, Kind, Source},
    authority::{counters::RefreshOutcome, service::SessionAuthority},
    sessions::{EndedSession, Refreshed, Renewal, Renewed},
    store::StoreError,
    tokens::{Nonce, PlainToken, TokenHash},
};

impl SessionAuthority {
    /// Renews the session of a refresh token. For a while the same token gets the same answer;
    /// afterwards it ends the session.
    ///
    /// # Errors
    /// When the token is not valid or not any more, another one of the session was used a moment
    /// ago, or it cannot be written. Only [`RefreshError::Reused`] has changed anything.
    pub(crate) async fn refresh(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<LoggedIn, RefreshError> {
        let result = self.try_refresh(token).await;
        self.outcomes.count_refresh(refresh_outcome(&result));
        if let Some(event) = refresh_event(&result, self.clock.now()) {
            self.audit.record(event.at(from));
        }
        result
    }

    /// The session that a refresh token would renew now, if there is one. The token is not spent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_renewed_by(
        &self,
        token: &BearerToken,
    ) -> Result<Option<Uuid>, StoreError> {
        if token.kind() != Some(TokenKind::Refresh) {
            return Ok(None);
        }
        self.store.session_renewed_by(&TokenHash::of(token.expose()), self.now()).await
    }

    async fn try_refresh(&self, token: &BearerToken) -> Result<LoggedIn, RefreshError> {
        if token.kind() != Some(TokenKind::Refresh) {
            return Err(RefreshError::InvalidToken);
        }
        let now = self.now();
        let nonce = Nonce::generate()?;
        let renewal = Renewal {
            presented: TokenHash::of(token.expose()),
            nonce,
            token: PlainToken::following(token, &nonce, TokenKind::Session).hash(),
            refresh_token: PlainToken::following(token, &nonce, TokenKind::Refresh).hash(),
            now,
            token_expires_at: now + self.lifetimes.token,
            refresh_expires_at: now + self.lifetimes.refresh,
        };
        match self.store.refresh_session(renewal).await? {
            Refreshed::Renewed(renewed) => Ok(following(token, &renewed, now)),
            Refreshed::Reused(ended) => {
                tracing::warn!(session_id = %ended.session_id, "ended a session: its refresh token was used again");
                Err(RefreshError::Reused(ended))
            }
            Refreshed::TooSoon(wait) => {
                Err(RefreshError::TooSoon(wait.to_std().unwrap_or_default()))
            }
            Refreshed::Invalid => Err(RefreshError::InvalidToken),
        }
    }
}

/// The successors of a refresh token. The nonce may be one that was drawn before.
fn following(token: &BearerToken, renewed: &Renewed, now: DateTime<Utc>) -> LoggedIn {
    LoggedIn {
        token: PlainToken::following(token, &renewed.nonce, TokenKind::Session),
        issued_at: renewed.issued_at,
        expires_at: renewed.token_expires_at,
        refresh_token: PlainToken::following(token, &renewed.nonce, TokenKind::Refresh),
        refresh_expires_at: renewed.refresh_expires_at,
        session_id: renewed.session_id,
        account: renewed.user.account.at(now),
    }
}

/// A session was not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// It was never issued, or it or its session is over.
    #[error("the refresh token is unknown, expired or revoked")]
    InvalidToken,
    /// It was spent before: it or its successor was stolen. The session has ended.
    #[error("the refresh token of session {} was used before", .0.session_id)]
    Reused(Box<EndedSession>),
    /// The session was renewed a moment ago. It can be tried again after this.
    #[error("the session was renewed a moment ago")]
    TooSoon(Duration),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness for a token.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

fn refresh_event(result: &Result<LoggedIn, RefreshError>, now: DateTime<Utc>) -> Option<Event> {
    match result {
        Ok(renewed) => {
            let event = Event::new(Kind::RefreshOk, now);
            Some(event.by(&renewed.account).in_session(renewed.session_id))
        }
        Err(RefreshError::Reused(ended)) => {
            let event = Event::new(Kind::RefreshReused, now);
            Some(event.by(&ended.account).in_session(ended.session_id))
        }
        Err(RefreshError::Store(_)) => Some(Event::new(Kind::StoreUnavailable, now)),
        Err(_) => None,
    }
}

fn refresh_outcome(result: &Result<LoggedIn, RefreshError>) -> RefreshOutcome {
    match result {
        Ok(_) => RefreshOutcome::Renewed,
        Err(RefreshError::InvalidToken) => RefreshOutcome::Invalid,
        Err(RefreshError::Reused(_)) => RefreshOutcome::Reused,
        Err(RefreshError::TooSoon(_)) => RefreshOutcome::TooSoon,
        Err(RefreshError::Store(_) | RefreshError::Random(_)) => RefreshOutcome::Failed,
    }
}
