//! Permissions until a time.

use uuid::Uuid;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::Kind,
    grants::{Grant, NewGrant},
    page::{Page, Part},
};

impl Administration {
    /// A page of grants, the oldest first, also those that were over lately.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn grants(
        &self,
        part: &Part<Uuid>,
    ) -> Result<Page<Grant>, AdministrationError> {
        Ok(self.store.grants(part).await?)
    }

    /// Creates a grant.
    ///
    /// # Errors
    /// When its end is not in the future, the user does not exist, or the database cannot be
    /// written.
    pub(crate) async fn create_grant(
        &self,
        actor: Actor<'_>,
        grant: NewGrant,
    ) -> Result<Grant, AdministrationError> {
        if grant.expires_at <= self.now() {
            return Err(AdministrationError::Past);
        }
        let event = self.event(actor, Kind::GrantChanged, "created").on(grant.username.as_str());
        let by = self.by(actor, vec![event.asking(&grant.permission)]);
        Ok(self.recorded(self.store.create_grant(grant, self.now(), by).await?))
    }

    /// Deletes a grant.
    ///
    /// # Errors
    /// When it does not exist, or the database cannot be written.
    pub(crate) async fn delete_grant(
        &self,
        actor: Actor<'_>,
        id: Uuid,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::GrantChanged, "deleted")]);
        match self.recorded(self.store.delete_grant(id, by).await?) {
            true => Ok(()),
            false => Err(AdministrationError::NoSuchGrant),
        }
    }
}
