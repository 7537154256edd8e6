//! Roles: permissions under a name.

use shared_types::Permission;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use super::{
    admins::keep_administered,
    errors::{ChangeError, StoreError},
    role_name::RoleName,
    store::UserStore,
};

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
    /// When it cannot be told.
    pub(crate) async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        let roles = query_as(
            "SELECT name, builtin, (SELECT json_group_array(permission) FROM (
                 SELECT permission FROM role_permissions WHERE role = name ORDER BY permission
             )) AS permissions
             FROM roles ORDER BY name",
        );
        Ok(roles.fetch_all(&mut *self.database().reader().await?).await?)
    }

    /// Makes a role permit this and nothing else, and creates it when it is not there. It is in
    /// force at the next validation of everyone who has it.
    ///
    /// # Errors
    /// When the role is built in, the last administrator would lose what it takes, or it cannot be
    /// written.
    pub(crate) async fn set_role(
        &self,
        role: RoleName,
        permissions: Vec<Permission>,
    ) -> Result<(), ChangeError> {
        let set = async move |connection: &mut SqliteConnection| {
            keep_administered(connection, async |connection| {
                replace(connection, &role, &permissions).await
            })
            .await
        };
        self.database().write(set).await
    }
}

async fn replace(
    connection: &mut SqliteConnection,
    role: &RoleName,
    permissions: &[Permission],
) -> Result<(), ChangeError> {
    query("INSERT OR IGNORE INTO roles (name) VALUES (?)")
        .bind(role.as_str())
        .execute(&mut *connection)
        .await?;
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        database::{Database, Location, Nobody},
        test_service::noon,
        users::{NewUser, PasswordHash},
    };

    async fn store() -> UserStore {
        UserStore::new(Database::open(&Location::Memory, Nobody).await.unwrap())
    }

    async fn set(store: &UserStore, role: &str, permissions: &[&str]) -> Result<(), ChangeError> {
        let permissions = permissions.iter().map(|text| text.parse().unwrap()).collect();
        store.set_role(role.parse().unwrap(), permissions).await
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
