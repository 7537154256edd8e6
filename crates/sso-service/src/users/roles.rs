//! Roles: permissions under a name.

use std::{fmt, str::FromStr};

use shared_types::Permission;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use super::{
    admins::keep_administered,
    errors::{ChangeError, StoreError},
    store::UserStore,
};

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// `[a-z0-9][a-z0-9._-]{0,62}`. Capital letters are lowered when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleName(String);

impl RoleName {
    /// The name, lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = InvalidRoleName;

    fn from_str(text: &str) -> Result<Self, InvalidRoleName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let well_formed = text.len() <= MAX_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if well_formed { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidRoleName) }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no name of a role: 1 to {MAX_BYTES} of a-z, 0-9, '.', '_' and '-', the first a letter or a digit"
)]
pub(crate) struct InvalidRoleName;

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

    #[test]
    fn a_role_has_a_name_that_needs_no_escape() {
        for name in ["reader", "7", "Team-A", "a_b.c"] {
            let parsed: RoleName = name.parse().unwrap();
            assert_eq!(parsed.as_str(), name.to_lowercase());
        }
        let long = "a".repeat(64);
        for name in ["", ".a", "-a", "a b", "a@b", "a:b", "a,b", "ä", &long] {
            assert_eq!(name.parse::<RoleName>(), Err(InvalidRoleName), "{name:?}");
        }
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
