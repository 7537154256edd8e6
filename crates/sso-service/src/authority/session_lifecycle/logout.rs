//! Log-out.

use std::sync::Arc;

use shared_types::{BearerToken, TokenKind};
use uuid::Uuid;

use crate::{
    audit::{Event, Kind, Source},
    authority::service::SessionAuthority,
    sessions::LiveSession,
    store::Unavailable,
    tokens::TokenHash,
};

impl SessionAuthority {
    /// Ends the session of a token, if there is one: from here on its tokens are invalid. Any
    /// token of the session does: a session token that has expired, or a refresh token.
    ///
    /// # Errors
    /// When it is not known to be written. The tokens are invalid all the same.
    pub(crate) async fn logout(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<(), Unavailable> {
        if !matches!(token.kind(), Some(TokenKind::Session | TokenKind::Refresh)) {
            return Ok(());
        }
        let (hash, now) = (TokenHash::of(token.expose()), self.clock.now());
        let event = Event::new(Kind::Logout, now).at(from);
        if let Some(session) = self.known_session(token, &hash).await? {
            if let Some(account) = session.account_at(now) {
                self.audit.record(event.by(&account).in_session(session.id));
            }
            return self.store.end_live_session(&hash, &session).await;
        }
        let Some(named) = self.store.session_named_by(&hash).await? else {
            // An earlier log-out may have ended it, and not be in force on every instance yet.
            return self.store.confirm().await;
        };
        let event = event.of(named.user_id, &named.username);
        self.audit.record(event.in_session(named.id));
        self.store.end_named_session(&named).await
    }

    /// The session that a token names, also an expired one, if the session goes on.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn session_named_by(
        &self,
        token: &BearerToken,
    ) -> Result<Option<Uuid>, Unavailable> {
        let hash = TokenHash::of(token.expose());
        if let Some(session) = self.known_session(token, &hash).await? {
            return Ok(Some(session.id));
        }
        Ok(self.store.session_named_by(&hash).await?.map(|named| named.id))
    }

    /// The session of a session token. Another instance may have issued the token a moment ago.
    async fn known_session(
        &self,
        token: &BearerToken,
        hash: &TokenHash,
    ) -> Result<Option<Arc<LiveSession>>, Unavailable> {
        let known = self.live.session_of(hash);
        if known.is_some() || token.kind() != Some(TokenKind::Session) {
            return Ok(known);
        }
        self.store.known(|| self.live.session_of(hash)).await
    }
}
