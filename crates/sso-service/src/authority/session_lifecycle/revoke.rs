//! Revocation of tokens by their holders.

use shared_types::{BearerToken, TokenKind};
use uuid::Uuid;

use crate::{
    audit::{Event, Kind, Source},
    authority::service::SessionAuthority,
    store::Unavailable,
    tokens::TokenHash,
};

impl SessionAuthority {
    /// Revokes a token, which its holder may: a token of a session ends the session, an API key is
    /// deleted. It is in force when this returns. Any other text is revoked as it is.
    ///
    /// # Errors
    /// When it is not known to be written. A token that was valid is invalid all the same.
    pub(crate) async fn revoke(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<(), Unavailable> {
        match token.kind() {
            Some(TokenKind::Session | TokenKind::Refresh) => self.logout(token, from).await,
            Some(TokenKind::ApiKey) => self.revoke_key(token, from).await,
            // Those of clients are no matter of sessions.
            Some(TokenKind::ClientAccess | TokenKind::ClientRefresh) | None => Ok(()),
        }
    }

    async fn revoke_key(&self, token: &BearerToken, from: Source<'_>) -> Result<(), Unavailable> {
        let Some((id, holder)) = self.key_named_by(&TokenHash::of(token.expose())).await? else {
            // An earlier revocation may have deleted it, and not be in force on every instance yet.
            return self.store.confirm().await;
        };
        let event = Event::new(Kind::KeyChanged, self.clock.now()).at(from).of(id, &holder);
        match self.store.end_key(id, event.clone().because("revoked")).await {
            Ok(None) => Ok(()),
            Ok(Some(written)) => {
                self.audit.record_line(written);
                Ok(())
            }
            Err(error) => {
                self.audit.record(event.because("unwritten"));
                Err(error)
            }
        }
    }

    /// Id and name of the holder of a key, also of a key that has expired or whose revocation is not
    /// written yet.
    async fn key_named_by(&self, hash: &TokenHash) -> Result<Option<(Uuid, String)>, Unavailable> {
        match self.keys.find(hash, self.clock.now()) {
            Some(key) => Ok(Some((key.account.user_id, key.account.username.clone()))),
            None => self.store.key_holder(hash).await,
        }
    }
}
