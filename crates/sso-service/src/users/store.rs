//! Users in the database.
//!
//! A look-up gives an `Option`; what needs the time takes it as an argument; what changes several
//! rows is one job of the database's writer.

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use sqlx::{SqliteConnection, query, query_scalar};
use uuid::Uuid;

use super::{
    account::User,
    admins::{has_admin, keep_administered},
    email::Email,
    errors::{ChangeError, CreateError, StoreError},
    password_hash::PasswordHash,
    row::{all_users, user_by_name, user_by_number, users_after},
    username::Username,
};
use crate::{
    page::{Page, Part},
    store::{Database, Unavailable},
};

/// A user to be created.
#[derive(Debug)]
pub(crate) struct NewUser {
    /// The name, which must be free.
    pub(crate) username: Username,
    /// The address, if it is known; nobody else may have it.
    pub(crate) email: Option<Email>,
    /// The hash of the password, which was found good enough.
    pub(crate) password_hash: PasswordHash,
    /// Names of roles, which must exist.
    pub(crate) roles: Vec<String>,
    /// What the user holds besides.
    pub(crate) permissions: Vec<Permission>,
}

/// The users of this authority.
#[derive(Debug, Clone)]
pub(crate) struct UserStore {
    database: Database,
}

impl UserStore {
    /// The users in this database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The database, to change users in.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The user of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn find(&self, username: &Username) -> Result<Option<User>, StoreError> {
        user_by_name(&mut *self.database.reader().await?, username).await
    }

    /// The user of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn get(&self, number: i64) -> Result<Option<User>, StoreError> {
        user_by_number(&mut *self.database.reader().await?, number).await
    }

    /// All users, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn list(&self) -> Result<Vec<User>, StoreError> {
        all_users(&mut *self.database.reader().await?).await
    }

    /// Some users, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn page(&self, part: &Part) -> Result<Page<User>, StoreError> {
        let after = part.after.as_deref().unwrap_or_default();
        let found = users_after(&mut *self.database.reader().await?, after, part.wanted()).await?;
        Ok(part.page(found, |user| user.account.username.clone()))
    }

    /// Whether an enabled user may administer by a role.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn has_admin(&self) -> Result<bool, Unavailable> {
        Ok(has_admin(&mut *self.database.reader().await?).await?)
    }

    /// Creates a user unless an enabled one may administer by a role. `None` when one does.
    ///
    /// # Errors
    /// As [`create_user`].
    pub(crate) async fn create_unless_administered(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, CreateError> {
        let create = async move |connection: &mut SqliteConnection| {
            if has_admin(connection).await? {
                return Ok(None);
            }
            create_user(connection, &user, now).await.map(Some)
        };
        self.database.write(create).await
    }

    /// Puts a new hash of the same password in the place of an outdated one, unless the password
    /// was changed in the meantime.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn renew_hash(
        &self,
        user: i64,
        outdated: PasswordHash,
        new: PasswordHash,
    ) -> Result<(), Unavailable> {
        let renew = async move |connection: &mut SqliteConnection| {
            query("UPDATE users SET password_hash = ? WHERE number = ? AND password_hash = ?")
                .bind(new.expose())
                .bind(user)
                .bind(outdated.expose())
                .execute(connection)
                .await?;
            Ok(())
        };
        self.database.write(renew).await
    }
}

/// Creates a user and gives its id.
///
/// # Errors
/// When the name is taken, a role does not exist, or it cannot be written.
pub(crate) async fn create_user(
    connection: &mut SqliteConnection,
    user: &NewUser,
    now: DateTime<Utc>,
) -> Result<Uuid, CreateError> {
    let id = id_at(now);
    let inserted = query(
        "INSERT INTO users (id, username, email, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(id.to_string())
    .bind(user.username.as_str())
    .bind(user.email.as_ref().map(Email::as_str))
    .bind(user.password_hash.expose())
    .bind(now.timestamp_millis())
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(what_is_taken(connection, user).await?);
    }
    let number = inserted.last_insert_rowid();
    assign_roles(connection, number, &user.roles).await?.map_err(CreateError::UnknownRole)?;
    give(connection, number, &user.permissions).await?;
    Ok(id)
}

/// Deletes a user and ends the sessions.
///
/// # Errors
/// When there is no such user, it is the last administrator, or it cannot be written.
pub(crate) async fn delete_user(
    connection: &mut SqliteConnection,
    username: &Username,
) -> Result<(), ChangeError> {
    change(connection, username, "DELETE FROM users WHERE username = ?").await
}

/// Ends the user's sessions, all at once.
///
/// # Errors
/// When the user does not exist, or the database cannot be written.
pub(crate) async fn end_user_sessions(
    connection: &mut SqliteConnection,
    username: &Username,
) -> Result<(), ChangeError> {
    change(connection, username, "UPDATE users SET epoch = epoch + 1 WHERE username = ?").await
}

/// Ends everybody's sessions, all at once. A log-in that is on its way goes on.
///
/// # Errors
/// When the database cannot be written.
pub(crate) async fn end_all_sessions(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    query(
        "UPDATE session_count SET ended_through = coalesce(
             (SELECT seq FROM sqlite_sequence WHERE name = 'sessions'), 0)",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes the user of this name, unless nobody could administer then.
async fn change(
    connection: &mut SqliteConnection,
    username: &Username,
    sql: &'static str,
) -> Result<(), ChangeError> {
    keep_administered(connection, async |connection| {
        let changed = query(sql).bind(username.as_str()).execute(connection).await?;
        match changed.rows_affected() {
            0 => Err(ChangeError::NoSuchUser(username.clone())),
            _ => Ok(()),
        }
    })
    .await
}

async fn what_is_taken(
    connection: &mut SqliteConnection,
    user: &NewUser,
) -> Result<CreateError, sqlx::Error> {
    let taken = query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE username = ?)");
    let taken: bool = taken.bind(user.username.as_str()).fetch_one(connection).await?;
    let name = || CreateError::NameTaken(user.username.clone());
    Ok(if taken { name() } else { CreateError::EmailTaken })
}

/// Gives a user roles. The error within is a name that is no role's.
pub(super) async fn assign_roles(
    connection: &mut SqliteConnection,
    user: i64,
    roles: &[String],
) -> Result<Result<(), String>, sqlx::Error> {
    for role in roles {
        let exists: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM roles WHERE name = ?)")
            .bind(role)
            .fetch_one(&mut *connection)
            .await?;
        if !exists {
            return Ok(Err(role.clone()));
        }
        query("INSERT OR IGNORE INTO user_roles (user, role) VALUES (?, ?)")
            .bind(user)
            .bind(role)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Ok(()))
}

async fn give(
    connection: &mut SqliteConnection,
    user: i64,
    permissions: &[Permission],
) -> Result<(), CreateError> {
    for permission in permissions {
        query("INSERT OR IGNORE INTO user_permissions (user, permission) VALUES (?, ?)")
            .bind(user)
            .bind(permission.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Changes without a record, for tests.
#[cfg(test)]
impl UserStore {
    pub(crate) async fn create(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Uuid, CreateError> {
        let create = async move |connection: &mut SqliteConnection| {
            create_user(connection, &user, now).await
        };
        self.database.write(create).await
    }

    pub(crate) async fn delete(&self, username: Username) -> Result<(), ChangeError> {
        let delete =
            async move |connection: &mut SqliteConnection| delete_user(connection, &username).await;
        self.database.write(delete).await
    }

    pub(crate) async fn end_sessions(&self, username: Username) -> Result<(), ChangeError> {
        let end = async move |connection: &mut SqliteConnection| {
            end_user_sessions(connection, &username).await
        };
        self.database.write(end).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{Location, Nobody},
        test_service::{execute, noon},
    };

    async fn store() -> UserStore {
        UserStore::new(Database::open(&Location::Memory, Nobody).await.unwrap())
    }

    fn user(name: &str, roles: &[&str], permissions: &[&str]) -> NewUser {
        NewUser {
            username: name.parse().unwrap(),
            email: None,
            password_hash: PasswordHash::nobodys(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            permissions: permissions.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    async fn find(store: &UserStore, name: &str) -> Option<User> {
        store.find(&name.parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_created_is_found() {
        let store = store().await;
        let new = user("alice", &["user", "reader", "user"], &["logs:read:b/*", "deploy:write"]);
        let id = store.create(new, noon()).await.unwrap();

        let found = find(&store, "alice").await.unwrap();
        assert_eq!(found.account.user_id, id);
        assert_eq!(found.account.username, "alice");
        assert_eq!(found.account.email, None);
        assert_eq!(found.account.created_at, noon());
        assert_eq!(found.account.roles, ["reader", "user"]);
        let permissions = found.account.permissions.spelled();
        assert_eq!(permissions, ["deploy:write", "logs:read", "logs:read:b/*"]);
        assert!(found.password_hash == PasswordHash::nobodys());
        assert!(!found.disabled);
        assert!(find(&store, "bob").await.is_none());
    }

    #[tokio::test]
    async fn built_in_roles_permit_what_they_should() {
        let store = store().await;
        for (role, expected) in [("admin", &["*"][..]), ("reader", &["logs:read"]), ("user", &[])] {
            store.create(user(role, &[role], &[]), noon()).await.unwrap();
            let account = find(&store, role).await.unwrap().account;
            assert_eq!(account.permissions.spelled(), expected, "{role}");
        }
    }

    #[tokio::test]
    async fn a_taken_name_or_an_unknown_role_writes_nothing() {
        let store = store().await;
        store.create(user("alice", &["reader"], &[]), noon()).await.unwrap();

        let taken = store.create(user("alice", &["admin"], &["a:b"]), noon()).await;
        assert!(matches!(taken, Err(CreateError::NameTaken(_))), "{taken:?}");
        let unknown = store.create(user("bob", &["user", "nope"], &["a:b"]), noon()).await;
        assert!(matches!(unknown, Err(CreateError::UnknownRole(_))), "{unknown:?}");

        let users = store.list().await.unwrap();
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].account.roles, ["reader"]);
        assert_eq!(users[0].account.permissions.spelled(), ["logs:read"]);
    }

    #[tokio::test]
    async fn a_hash_is_renewed_only_in_the_place_of_the_one_it_was_made_for() {
        let store = store().await;
        store.create(user("alice", &[], &[]), noon()).await.unwrap();
        let id = find(&store, "alice").await.unwrap().number;
        let [one, two] = ["one", "two"].map(|phc| PasswordHash::stored(phc.to_owned()));
        store.renew_hash(id, PasswordHash::nobodys(), one.clone()).await.unwrap();
        store.renew_hash(id, PasswordHash::nobodys(), two).await.unwrap();
        assert!(find(&store, "alice").await.unwrap().password_hash == one);
    }

    #[tokio::test]
    async fn a_row_nobody_can_have_written_is_no_missing_user() {
        let store = store().await;
        store.create(user("alice", &[], &["a:b"]), noon()).await.unwrap();
        execute(&store.database, "UPDATE user_permissions SET permission = 'nonsense'").await;
        let result = store.find(&"alice".parse().unwrap()).await;
        assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn what_is_changed_is_found_changed() {
        let store = store().await;
        store.create(user("root", &["admin"], &[]), noon()).await.unwrap();
        store.create(user("alice", &["user"], &[]), noon()).await.unwrap();
        let alice = || "alice".parse::<Username>().unwrap();
        store.disable(alice()).await.unwrap();
        assert!(find(&store, "alice").await.unwrap().disabled);
        store.enable(alice()).await.unwrap();
        assert!(!find(&store, "alice").await.unwrap().disabled);
        let hash = PasswordHash::stored("new".to_owned());
        store.reset_password(alice(), hash.clone()).await.unwrap();
        store.end_sessions(alice()).await.unwrap();
        let changed = find(&store, "alice").await.unwrap();
        assert!(changed.password_hash == hash);
        assert_eq!(changed.epoch, 3);
        store.delete(alice()).await.unwrap();
        assert!(find(&store, "alice").await.is_none());
        for refused in [
            store.disable(alice()).await,
            store.delete(alice()).await,
            store.end_sessions(alice()).await,
            store.reset_password(alice(), hash).await,
        ] {
            assert!(matches!(refused, Err(ChangeError::NoSuchUser(_))), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_number_is_never_given_twice() {
        let store = store().await;
        store.create(user("alice", &[], &[]), noon()).await.unwrap();
        let before = find(&store, "alice").await.unwrap().number;
        store.delete("alice".parse().unwrap()).await.unwrap();
        store.create(user("alice", &[], &[]), noon()).await.unwrap();
        assert_ne!(find(&store, "alice").await.unwrap().number, before);
    }

    #[tokio::test]
    async fn the_last_enabled_administrator_stays() {
        let store = store().await;
        let names = ["root", "chief"].map(|name| name.parse::<Username>().unwrap());
        for name in ["root", "chief"] {
            store.create(user(name, &["admin"], &[]), noon()).await.unwrap();
        }
        store.disable(names[0].clone()).await.unwrap();
        for refused in [store.disable(names[1].clone()).await, store.delete(names[1].clone()).await]
        {
            assert!(matches!(refused, Err(ChangeError::LastAdmin)), "{refused:?}");
        }
        assert!(!find(&store, "chief").await.unwrap().disabled);
        store.enable(names[0].clone()).await.unwrap();
        store.delete(names[1].clone()).await.unwrap();
    }
}
