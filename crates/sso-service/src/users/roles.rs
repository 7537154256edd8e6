//! Roles: permissions under a name.

use shared_types::Permission;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use super::{
    admins::keep_administered,
    errors::{ChangeError, StoreError},
    role_name::RoleName,
    store::UserStore,
};
use crate::page::{Page, Part};

/// A role as it is listed.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Role {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is what it is.
    pub(crate) builtin: bool,
    /// What it permits: a sorted JSON array.
    permissions: String,
}

impl Role {
    /// What it permits, sorted.
    pub(crate) fn permissions(&self) -> Vec<String> {
        serde_json::from_str(&self.permissions).unwrap_or_default()
    }
}

impl UserStore {
    /// All roles, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        let roles = query_as(
            "SELECT name, builtin, (SELECT json_group_array(permission) FROM (
                 SELECT permission FROM role_permissions WHERE role = name ORDER BY permission
             )) AS permissions
             FROM roles ORDER BY name",
        );
        Ok(roles.fetch_all(&mut *self.database().reader().await?).await?)
    }

    /// Some roles, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn roles_page(&self, part: &Part) -> Result<Page<Role>, StoreError> {
        let mut roles = self.roles().await?;
        if let Some(after) = &part.after {
            roles.retain(|role| role.name > *after);
        }
        Ok(part.page(roles, |role| role.name.clone()))
    }
}

/// Makes a role permit this and nothing else, and creates it when it is not there. It is in force
/// at the next validation of everyone who has it. Tells whether it was created.
///
/// # Errors
/// When the role is built in, the last administrator would lose what it takes, or it cannot be
/// written.
pub(crate) async fn set_role(
    connection: &mut SqliteConnection,
    role: &RoleName,
    permissions: &[Permission],
) -> Result<bool, ChangeError> {
    keep_administered(connection, async |connection| replace(connection, role, permissions).await)
        .await
}

/// Deletes a role that nobody has.
///
/// # Errors
/// When the role does not exist, is assigned or built in, or the database cannot be written.
pub(crate) async fn delete_role(
    connection: &mut SqliteConnection,
    role: &RoleName,
) -> Result<(), ChangeError> {
    let found: Option<(bool, bool)> = query_as(
        "SELECT builtin, EXISTS (SELECT 1 FROM user_roles WHERE role = name)
         FROM roles WHERE name = ?",
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
    query("DELETE FROM roles WHERE name = ?").bind(role.as_str()).execute(connection).await?;
    Ok(())
}

async fn replace(
    connection: &mut SqliteConnection,
    role: &RoleName,
    permissions: &[Permission],
) -> Result<bool, ChangeError> {
    let insert = query("INSERT OR IGNORE INTO roles (name) VALUES (?)").bind(role.as_str());
    let created = insert.execute(&mut *connection).await?.rows_affected() == 1;
    let builtin: bool = query_scalar("SELECT builtin FROM roles WHERE name = ?")
        .bind(role.as_str())
        .fetch_one(&mut *connection)
        .await?;
    if builtin {
        return Err(ChangeError::BuiltinRole(role.clone()));
    }
    query("DELETE FROM role_permissions WHERE role = ?")
        .bind(role.as_str())
        .execute(&mut *connection)
        .await?;
    for permission in permissions {
        query("INSERT OR IGNORE INTO role_permissions (role, permission) VALUES (?, ?)")
            .bind(role.as_str())
            .bind(permission.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(created)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{Database, Location, Nobody},
        test_service::noon,
        users::{NewUser, PasswordHash},
    };

    async fn store() -> UserStore {
        UserStore::new(Database::open(&Location::Memory, Nobody).await.unwrap())
    }

    async fn set(store: &UserStore, role: &str, permissions: &[&str]) -> Result<bool, ChangeError> {
        let permissions: Vec<_> = permissions.iter().map(|text| text.parse().unwrap()).collect();
        let role = role.parse().unwrap();
        let set = async move |connection: &mut SqliteConnection| {
            set_role(connection, &role, &permissions).await
        };
        store.database().write(set).await
    }

    #[tokio::test]
    async fn a_role_permits_what_it_was_set_to_last() {
        let store = store().await;
        set(&store, "ops", &["logs:read", "deploy:write"]).await.unwrap();
        set(&store, "ops", &["logs:read:shop/*", "a:b", "a:b"]).await.unwrap();
        let roles = store.roles().await.unwrap();
        let names: Vec<_> = roles.iter().map(|role| (role.name.as_str(), role.builtin)).collect();
        let expected = [("admin", true), ("ops", false), ("reader", true), ("user", true)];
        assert_eq!(names, expected);
        assert_eq!(roles[1].permissions(), ["a:b", "logs:read:shop/*"]);
    }

    #[tokio::test]
    async fn built_in_roles_stay_what_they_are() {
        let store = store().await;
        for role in ["admin", "reader", "user"] {
            let refusal = set(&store, role, &[]).await;
            assert!(matches!(refusal, Err(ChangeError::BuiltinRole(_))), "{refusal:?}");
        }
        assert_eq!(store.roles().await.unwrap()[0].permissions(), ["*"]);
    }

    #[tokio::test]
    async fn a_role_that_the_last_administrator_has_keeps_what_it_takes() {
        let store = store().await;
        set(&store, "chief", &["sso:admin"]).await.unwrap();
        let user = NewUser {
            username: "alice".parse().unwrap(),
            email: None,
            password_hash: PasswordHash::nobodys(),
            roles: vec!["chief".to_owned()],
            permissions: vec![],
        };
        store.create(user, noon()).await.unwrap();
        let refusal = set(&store, "chief", &["logs:read"]).await;
        assert!(matches!(refusal, Err(ChangeError::LastAdmin)), "{refusal:?}");
        assert_eq!(store.roles().await.unwrap()[1].permissions(), ["sso:admin"]);
        set(&store, "chief", &["*"]).await.unwrap();
    }
}
