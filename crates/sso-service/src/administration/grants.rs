//! Permissions until a time.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    grants::{Grant, NewGrant, create_grant, delete_grant},
    page::{Page, Part},
};

impl Administration {
    /// Some grants, the oldest first, also those that were over lately.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn grants(
        &self,
        part: &Part<Uuid>,
    ) -> Result<Page<Grant>, AdministrationError> {
        Ok(self.grants.page(part).await?)
    }

    /// Makes a grant.
    ///
    /// # Errors
    /// When its end is not in the future, there is no such user, or it cannot be written.
    pub(crate) async fn create_grant(
        &self,
        actor: Actor<'_>,
        grant: NewGrant,
    ) -> Result<Grant, AdministrationError> {
        if grant.expires_at <= self.now() {
            return Err(AdministrationError::Past);
        }
        let (now, username) = (self.now(), grant.username.clone());
        let event = self.event(actor, Kind::GrantChanged, "created").on(username.as_str());
        let event = event.asking(&grant.permission);
        let create = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((create_grant(connection, grant, now).await?, vec![event]))
        };
        self.change(actor, create).await
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub(crate) async fn delete_grant(
        &self,
        actor: Actor<'_>,
        id: Uuid,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::GrantChanged, "deleted");
        let delete = async move |connection: &mut SqliteConnection| {
            let taken = delete_grant(connection, id).await?;
            let taken = taken.ok_or(AdministrationError::NoSuchGrant)?;
            Ok::<_, AdministrationError>((
                (),
                vec![event.on(&taken.username).asking(&taken.permission)],
            ))
        };
        self.change(actor, delete).await
    }
}
