//! Roles: permissions under a name.

use shared_types::Permission;

use super::administrators::keep_administered;
use crate::{
    page::{Page, Part},
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, ChangeError},
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, lines, query},
        unavailable::Unavailable,
    },
    users::{Role, RoleName},
};

impl Store {
    /// A page of roles, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn roles(&self, part: &Part) -> Result<Page<Role>, Unavailable> {
        let select = "SELECT name, builtin,
                             (SELECT string_agg(permission, '\n' ORDER BY permission)
                              FROM role_permissions WHERE role = name) AS permissions
                      FROM roles WHERE name > $1 ORDER BY name LIMIT $2";
        self.page(select, part, |role: &Role| role.name.clone()).await
    }

    /// Makes a role permit these and nothing else, and creates it if it does not exist. It is in
    /// force at the next validation of everybody who has it. Tells whether it was created.
    ///
    /// # Errors
    /// When the author may not, the role is built in, no user could administer any more, or the
    /// database cannot be written.
    pub(crate) async fn set_role(
        &self,
        role: RoleName,
        permissions: Vec<Permission>,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<ChangeError>> {
        let set = async move |connection: &mut SqlConnection| {
            set_role(connection, &role, &permissions).await
        };
        self.write_attributed(by, set).await
    }

    /// Deletes a role that no user has.
    ///
    /// # Errors
    /// When the author may not, the role does not exist, is assigned or built in, or the database
    /// cannot be written.
    pub(crate) async fn delete_role(
        &self,
        role: RoleName,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<ChangeError>> {
        let delete =
            async move |connection: &mut SqlConnection| delete_role(connection, &role).await;
        self.write_attributed(by, delete).await
    }
}

async fn set_role(
    connection: &mut SqlConnection,
    role: &RoleName,
    permissions: &[Permission],
) -> Result<bool, ChangeError> {
    keep_administered(connection, async |connection| replace(connection, role, permissions).await)
        .await
}

async fn delete_role(connection: &mut SqlConnection, role: &RoleName) -> Result<(), ChangeError> {
    let found: Option<(bool, bool)> = query(
        "SELECT builtin, EXISTS (SELECT 1 FROM user_roles WHERE role = name)
         FROM roles WHERE name = $1",
    )
    .bind(role.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    match found {
        None => return Err(ChangeError::NoSuchRole(role.clone())),
        Some((true, _)) => return Err(ChangeError::BuiltinRole(role.clone())),
        Some((_, true)) => return Err(ChangeError::RoleInUse(role.clone())),
        Some((false, false)) => {}
    }
    query("DELETE FROM roles WHERE name = $1").bind(role.as_str()).execute(connection).await?;
    Ok(())
}

async fn replace(
    connection: &mut SqlConnection,
    role: &RoleName,
    permissions: &[Permission],
) -> Result<bool, ChangeError> {
    let insert =
        query("INSERT INTO roles (name) VALUES ($1) ON CONFLICT DO NOTHING").bind(role.as_str());
    let created = insert.execute(&mut *connection).await? == 1;
    let builtin: bool = query("SELECT builtin FROM roles WHERE name = $1")
        .bind(role.as_str())
        .fetch_one(&mut *connection)
        .await?;
    if builtin {
        return Err(ChangeError::BuiltinRole(role.clone()));
    }
    query("DELETE FROM role_permissions WHERE role = $1")
        .bind(role.as_str())
        .execute(&mut *connection)
        .await?;
    for permission in permissions {
        query("INSERT INTO role_permissions (role, permission) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(role.as_str())
            .bind(permission.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(created)
}

impl FromSqlRow for Role {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.get("name")?,
            builtin: row.get("builtin")?,
            permissions: lines(row, "permissions")?,
        })
    }
}
