//! API keys.

use chrono::{DateTime, Utc};
use shared_types::{Permission, TokenKind};
use uuid::Uuid;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::Kind,
    keys::{ApiKey, KeyName, NewKey},
    page::{Page, Part},
    tokens::PlainToken,
};

/// A key to be created.
#[derive(Debug)]
pub(crate) struct RequestedKey {
    pub(crate) name: KeyName,
    pub(crate) permissions: Vec<Permission>,
    /// `None` for a key that does not expire.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Administration {
    /// A page of keys, the oldest first, also those that were over lately.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn keys(
        &self,
        part: &Part<Uuid>,
    ) -> Result<Page<ApiKey>, AdministrationError> {
        Ok(self.store.keys(part).await?)
    }

    /// Creates a key, and gives it to the actor, this once.
    ///
    /// # Errors
    /// When its end is not in the future, another key has the name, or the database cannot be
    /// written.
    pub(crate) async fn create_key(
        &self,
        actor: Actor<'_>,
        wish: RequestedKey,
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
        let event = self.event(actor, Kind::KeyChanged, "created").on(key.name.as_str());
        let created = self.store.create_key(key, now, self.by(actor, vec![event])).await?;
        Ok((token, self.recorded(created)))
    }

    /// Deletes a key, which is invalid from then on.
    ///
    /// # Errors
    /// When it does not exist, or the database cannot be written.
    pub(crate) async fn delete_key(
        &self,
        actor: Actor<'_>,
        id: Uuid,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::KeyChanged, "deleted")]);
        let deleted = self.store.delete_key(id, by).await.map_err(AdministrationError::from);
        if matches!(&deleted, Err(error) if error.is_unavailable()) {
            self.record_unwritten(actor, Kind::KeyChanged, &id.to_string());
        }
        match self.recorded(deleted?) {
            true => Ok(()),
            false => Err(AdministrationError::NoSuchKey),
        }
    }

    /// Deletes the key of this name.
    ///
    /// # Errors
    /// When it does not exist, or the database cannot be written.
    pub(crate) async fn delete_key_named(
        &self,
        actor: Actor<'_>,
        name: KeyName,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::KeyChanged, "deleted").on(name.as_str());
        let by = self.by(actor, vec![event]);
        match self.recorded(self.store.delete_key_named(name.clone(), by).await?) {
            true => Ok(()),
            false => Err(AdministrationError::NoKeyNamed(name)),
        }
    }
}
