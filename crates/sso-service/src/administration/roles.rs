//! Roles.

use shared_types::Permission;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::Kind,
    page::{Page, Part},
    users::{Role, RoleName},
};

impl Administration {
    /// A page of roles, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn roles(&self, part: &Part) -> Result<Page<Role>, AdministrationError> {
        Ok(self.store.roles(part).await?)
    }

    /// Makes a role permit these and nothing else. Tells whether it was created.
    ///
    /// # Errors
    /// When it is built in, no user could administer any more, or the database cannot be written.
    pub(crate) async fn set_role(
        &self,
        actor: Actor<'_>,
        role: RoleName,
        permissions: Vec<Permission>,
    ) -> Result<bool, AdministrationError> {
        let event = self.event(actor, Kind::RoleChanged, "set").on(role.as_str());
        let by = self.by(actor, vec![event]);
        Ok(self.recorded(self.store.set_role(role, permissions, by).await?))
    }

    /// Deletes a role that no user has.
    ///
    /// # Errors
    /// When it does not exist, is built in or assigned, or the database cannot be written.
    pub(crate) async fn delete_role(
        &self,
        actor: Actor<'_>,
        role: RoleName,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::RoleChanged, "deleted").on(role.as_str());
        let by = self.by(actor, vec![event]);
        self.recorded(self.store.delete_role(role, by).await?);
        Ok(())
    }
}
