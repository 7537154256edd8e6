//! The first administrator, who creates all others.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::{
    store::{CreateUserError, Store, Unavailable},
    users::{FirstAdmin, HashError, HashRequester, Hasher, NewUser, PATIENCE, Username},
};

/// Creates the first administrator if no enabled user has the permission through a role.
/// Existing users are not changed.
///
/// # Errors
/// When the name belongs to a user, who is never promoted; or the database fails.
pub(crate) async fn ensure_admin(
    store: &Store,
    hasher: &Hasher,
    first: Option<FirstAdmin>,
    now: DateTime<Utc>,
) -> Result<(), FirstAdminError> {
    if store.has_admin().await? {
        return Ok(());
    }
    let Some(first) = first else {
        tracing::warn!(
            "no enabled user is an administrator; create one with `sso-service admin user create NAME --role admin`"
        );
        return Ok(());
    };
    let user = NewUser {
        username: first.username,
        email: None,
        password_hash: hasher
            .hash(first.password, HashRequester::Service, Instant::now() + PATIENCE)
            .await?,
        roles: vec!["admin".to_owned()],
        permissions: Vec::new(),
    };
    match store.create_first_admin(user, now).await {
        Ok(Some(user_id)) => tracing::info!(%user_id, "created the first administrator"),
        Ok(None) => {}
        Err(CreateUserError::NameTaken(name)) => return Err(FirstAdminError::NameTaken(name)),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// The first administrator was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FirstAdminError {
    /// An existing user is never promoted: a stranger could have registered the name.
    #[error(
        "SSO_ADMIN_USERNAME: user {0} already exists and is not promoted to administrator; choose another name"
    )]
    NameTaken(Username),
    /// The password could not be hashed.
    #[error("cannot create the first administrator: {0}")]
    Hash(#[from] HashError),
    /// The database could not be read.
    #[error("cannot look for administrators: {0}")]
    Store(#[from] Unavailable),
    /// The database could not be written.
    #[error("cannot create the first administrator: {0}")]
    Create(#[from] CreateUserError),
}

#[cfg(test)]
mod tests {
    use service_runtime::metrics::Metrics;

    use super::*;
    use crate::{
        test_service::noon,
        users::{Password, PasswordHash, User},
    };

    struct Authority {
        store: Store,
        hasher: Hasher,
    }

    impl Authority {
        async fn without_users() -> Self {
            Self {
                store: Store::in_memory().await,
                hasher: Hasher::start(&Metrics::default()).unwrap(),
            }
        }

        async fn with_user(name: &str, role: &str, permissions: &[&str]) -> Self {
            let authority = Self::without_users().await;
            let user = NewUser {
                username: name.parse().unwrap(),
                email: None,
                password_hash: PasswordHash::dummy(),
                roles: vec![role.to_owned()],
                permissions: permissions.iter().map(|text| text.parse().unwrap()).collect(),
            };
            authority.store.add_user(user, noon()).await.unwrap();
            authority
        }

        async fn ensure(&self, name: Option<&str>) -> Result<(), FirstAdminError> {
            let first = name.map(|name| FirstAdmin {
                username: name.parse().unwrap(),
                password: Password::normalise("correct horse battery").unwrap(),
            });
            ensure_admin(&self.store, &self.hasher, first, noon()).await
        }

        async fn execute(&self, sql: &'static str) {
            self.store.execute(sql).await;
        }

        /// `name:role` of all users.
        async fn users(&self) -> Vec<String> {
            let users = self.store.all_users().await;
            let shown =
                |user: &User| format!("{}:{}", user.account.username, user.account.roles.join(","));
            users.iter().map(shown).collect()
        }
    }

    #[tokio::test]
    async fn the_first_administrator_is_created_once() {
        let authority = Authority::without_users().await;
        authority.ensure(Some("root")).await.unwrap();
        assert_eq!(authority.users().await, ["root:admin"]);
        authority.ensure(Some("root")).await.unwrap();
        authority.ensure(Some("other")).await.unwrap();
        assert_eq!(authority.users().await, ["root:admin"]);
    }

    #[tokio::test]
    async fn without_a_name_no_user_is_created() {
        let authority = Authority::without_users().await;
        authority.ensure(None).await.unwrap();
        assert!(authority.users().await.is_empty());
    }

    #[tokio::test]
    async fn an_existing_user_is_never_promoted() {
        let authority = Authority::with_user("root", "user", &[]).await;
        let refusal = authority.ensure(Some("root")).await.unwrap_err();
        assert!(matches!(refusal, FirstAdminError::NameTaken(_)), "{refusal}");
        assert!(refusal.to_string().starts_with("SSO_ADMIN_USERNAME: "), "{refusal}");
        assert_eq!(authority.users().await, ["root:user"]);
    }

    #[tokio::test]
    async fn only_a_role_makes_an_administrator() {
        let authority = Authority::with_user("alice", "user", &["*", "sso:admin"]).await;
        authority.ensure(Some("root")).await.unwrap();
        assert_eq!(authority.users().await, ["alice:user", "root:admin"]);
    }

    #[tokio::test]
    async fn any_role_with_sso_admin_makes_an_administrator() {
        let authority = Authority::with_user("alice", "reader", &[]).await;
        authority.execute("INSERT INTO role_permissions VALUES ('reader', 'sso:admin')").await;
        authority.ensure(Some("root")).await.unwrap();
        assert_eq!(authority.users().await, ["alice:reader"]);
    }

    #[tokio::test]
    async fn a_disabled_administrator_does_not_count() {
        let authority = Authority::with_user("alice", "admin", &[]).await;
        authority.execute("UPDATE users SET disabled = 1").await;
        authority.ensure(Some("root")).await.unwrap();
        assert_eq!(authority.users().await, ["alice:admin", "root:admin"]);
    }
}
