//! Roles.

use shared_types::Permission;
use sqlx::SqliteConnection;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    page::{Page, Part},
    users::{Role, RoleName, delete_role, set_role},
};

impl Administration {
    /// Some roles, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
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
        let event = self.event(actor, Kind::RoleChanged, "set").on(role.as_str());
        let set = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((
                set_role(connection, &role, &permissions).await?,
                vec![event],
            ))
        };
        self.change(actor, set).await
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
        let event = self.event(actor, Kind::RoleChanged, "deleted").on(role.as_str());
        let delete = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((delete_role(connection, &role).await?, vec![event]))
        };
        self.change(actor, delete).await
    }
}
