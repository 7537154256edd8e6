//! Creating users.

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use sqlx::{SqliteConnection, query, query_scalar};
use uuid::Uuid;

use super::administrators::has_admin;
use crate::{
    audit::Event,
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, CreateUserError},
        sqlite::store::SqliteStore,
    },
    users::{Email, NewUser},
};

impl SqliteStore {
    /// Creates a user, and gives its id.
    ///
    /// # Errors
    /// When the author may not, the name or the address is taken, a role does not exist, or the
    /// database cannot be written.
    pub(crate) async fn create_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<Uuid>, AuthorizedError<CreateUserError>> {
        let create = async move |connection: &mut SqliteConnection| {
            create_user(connection, &user, now).await
        };
        self.write_attributed(by, create).await
    }

    /// Creates a user who registers, and gives its id.
    ///
    /// # Errors
    /// When the name or the address is taken, a role does not exist, or the database cannot be
    /// written.
    pub(crate) async fn register_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<Uuid>, CreateUserError> {
        let register = async move |connection: &mut SqliteConnection| {
            Ok((create_user(connection, &user, now).await?, vec![event]))
        };
        self.write_recorded(register).await
    }

    /// Creates a user unless an enabled user may administer by a role. `None` when one may.
    ///
    /// # Errors
    /// When the name is taken, a role does not exist, or the database cannot be written.
    pub(crate) async fn create_first_admin(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, CreateUserError> {
        let create = async move |connection: &mut SqliteConnection| {
            if has_admin(connection).await? {
                return Ok(None);
            }
            create_user(connection, &user, now).await.map(Some)
        };
        self.database.write(create).await
    }
}

pub(super) async fn create_user(
    connection: &mut SqliteConnection,
    user: &NewUser,
    now: DateTime<Utc>,
) -> Result<Uuid, CreateUserError> {
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
        return Err(conflict(connection, user).await?);
    }
    let number = inserted.last_insert_rowid();
    assign_roles(connection, number, &user.roles).await?.map_err(CreateUserError::UnknownRole)?;
    assign_permissions(connection, number, &user.permissions).await?;
    Ok(id)
}

async fn conflict(
    connection: &mut SqliteConnection,
    user: &NewUser,
) -> Result<CreateUserError, sqlx::Error> {
    let taken = query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE username = ?)");
    let taken: bool = taken.bind(user.username.as_str()).fetch_one(connection).await?;
    let name = || CreateUserError::NameTaken(user.username.clone());
    Ok(if taken { name() } else { CreateUserError::EmailTaken })
}

/// Assigns roles to a user. The inner error is the name of a role that does not exist.
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

async fn assign_permissions(
    connection: &mut SqliteConnection,
    user: i64,
    permissions: &[Permission],
) -> Result<(), sqlx::Error> {
    for permission in permissions {
        query("INSERT OR IGNORE INTO user_permissions (user, permission) VALUES (?, ?)")
            .bind(user)
            .bind(permission.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
