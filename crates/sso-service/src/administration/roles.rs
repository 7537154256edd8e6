//! Roles.

use shared_types::Permission;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    page::{Page, Part},
    users::{Role, RoleName},
};

impl Administration {
    /// Some roles, by name.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn roles(&self, part: &Part) -> Result<Page<Role>, AdministrationError> {
        Ok(self.users.roles_page(part).await?)
    }

    /// Makes a role permit this and nothing else. Tells whether it was created.
    ///
    /// # Errors
    /// When it is built in, the last administrator would lose what it takes, or it cannot be
    /// written.
    pub(crate) async fn set_role(
        &self,
        actor: Actor<'_>,
        role: RoleName,
        permissions: Vec<Permission>,
    ) -> Result<bool, AdministrationError> {
        let created = self.users.set_role(role.clone(), permissions).await?;
        self.note(actor, Kind::RoleChanged, "set", role.as_str());
        Ok(created)
    }

    /// Deletes a role that nobody has.
    ///
    /// # Errors
    /// When there is none, it is built in, somebody has it, or it cannot be written.
    pub(crate) async fn delete_role(
        &self,
        actor: Actor<'_>,
        role: RoleName,
    ) -> Result<(), AdministrationError> {
        self.users.delete_role(role.clone()).await?;
        self.note(actor, Kind::RoleChanged, "deleted", role.as_str());
        Ok(())
    }
}
