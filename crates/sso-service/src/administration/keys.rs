//! API keys.

use chrono::{DateTime, Utc};
use shared_types::{Permission, TokenKind};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    keys::{ApiKey, KeyName, NewKey, create_key, delete_key},
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
    /// When the database cannot be read.
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
        let event = self.event(actor, Kind::KeyChanged, "created").on(key.name.as_str());
        let create = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((create_key(connection, key, now).await?, vec![event]))
        };
        Ok((token, self.change(actor, create).await?))
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
        let event = self.event(actor, Kind::KeyChanged, "deleted");
        let delete = async move |connection: &mut SqliteConnection| {
            let name = delete_key(connection, id).await?;
            let name = name.ok_or(AdministrationError::NoSuchKey)?;
            Ok::<_, AdministrationError>(((), vec![event.on(&name)]))
        };
        let deleted = self.change(actor, delete).await;
        if matches!(&deleted, Err(error) if error.is_unavailable()) {
            // In force all the same, and tried again.
            self.sessions.revoke_key(id).await;
            let event = self.event(actor, Kind::KeyChanged, "unwritten");
            self.record(event.on(&id.to_string()));
        }
        deleted
    }
}
