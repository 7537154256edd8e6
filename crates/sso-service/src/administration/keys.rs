//! API keys.

use chrono::{DateTime, Utc};
use shared_types::{Permission, TokenKind};
use uuid::Uuid;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    keys::{ApiKey, KeyName, NewKey},
    page::{Page, Part},
    tokens::PlainToken,
};

/// A key to be created.
#[derive(Debug)]
pub(crate) struct KeyWish {
    pub(crate) name: KeyName,
    pub(crate) permissions: Vec<Permission>,
    /// Never, if there is none.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Administration {
    /// Some keys, the oldest first, also those that were over lately.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn keys(
        &self,
        part: &Part<Uuid>,
    ) -> Result<Page<ApiKey>, AdministrationError> {
        Ok(self.keys.page(part).await?)
    }

    /// Creates a key, and gives it to whoever asks, this once.
    ///
    /// # Errors
    /// When its end is not in the future, another one is called so, or it cannot be written.
    pub(crate) async fn create_key(
        &self,
        actor: Actor<'_>,
        wish: KeyWish,
    ) -> Result<(PlainToken, ApiKey), AdministrationError> {
        let now = self.now();
        if wish.expires_at.is_some_and(|end| end <= now) {
            return Err(AdministrationError::Past);
        }
        let token = PlainToken::generate(TokenKind::ApiKey)?;
        let key = NewKey {
            name: wish.name,
            hash: token.hash(),
            permissions: wish.permissions,
            expires_at: wish.expires_at,
            created_by: actor.name().to_owned(),
        };
        let key = self.keys.create(key, now).await?;
        self.note(actor, Kind::KeyChanged, "created", &key.name);
        Ok((token, key))
    }

    /// Deletes a key, which is invalid from then on.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub(crate) async fn delete_key(
        &self,
        actor: Actor<'_>,
        id: Uuid,
    ) -> Result<(), AdministrationError> {
        let deleted = self.keys.delete(id).await;
        if deleted.is_err() {
            // In force all the same, and tried again.
            self.sessions.revoke_key(id).await;
            self.note(actor, Kind::KeyChanged, "unwritten", &id.to_string());
        }
        let name = deleted?.ok_or(AdministrationError::NoSuchKey)?;
        self.note(actor, Kind::KeyChanged, "deleted", &name);
        Ok(())
    }
}
