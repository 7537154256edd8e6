//! Permissions until a time.

use uuid::Uuid;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    grants::{Grant, NewGrant},
    page::{Page, Part},
};

impl Administration {
    /// Some grants, the oldest first, also those that were over lately.
    ///
    /// # Errors
    /// When it cannot be told.
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
        let grant = self.grants.create(grant, self.now()).await?;
        self.note_grant(actor, "created", &grant.username, &grant.permission);
        Ok(grant)
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
        let taken = self.grants.delete(id).await?.ok_or(AdministrationError::NoSuchGrant)?;
        self.note_grant(actor, "deleted", &taken.username, &taken.permission);
        Ok(())
    }

    fn note_grant(&self, actor: Actor<'_>, what: &'static str, user: &str, permission: &str) {
        let event = self.event(actor, Kind::GrantChanged, what, user);
        self.record(event.asking(&permission));
    }
}
