//! Users as they stand in the tables.

use chrono::DateTime;
use sqlx::{FromRow, SqliteConnection};

use crate::{
    store::errors::StoreError,
    users::{Account, Granted, PasswordHash, Permissions, Spelling, User, Username},
};

/// Every column of a [`UserRow`], in one statement, so that roles and permissions are of the same
/// instant as the rest.
macro_rules! select_users {
    ($condition:literal) => {
        concat!(
            "SELECT number, id, username, email, password_hash, disabled, epoch, created_at,
                    (SELECT json_group_array(role) FROM (
                        SELECT role FROM user_roles WHERE user = users.number ORDER BY role
                    )) AS roles,
                    (SELECT json_group_array(permission) FROM (
                        SELECT permission FROM role_permissions JOIN user_roles USING (role)
                            WHERE user = users.number
                        UNION SELECT permission FROM user_permissions WHERE user = users.number
                        ORDER BY permission
                    )) AS permissions,
                    (SELECT json_group_array(
                        json_object('permission', permission, 'expires_at', expires_at)
                     ) FROM grants WHERE user = users.number) AS grants
             FROM users ",
            $condition
        )
    };
}

/// The user of this name.
pub(in crate::store::sqlite) async fn user_by_name(
    connection: &mut SqliteConnection,
    username: &Username,
) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> = sqlx::query_as(select_users!("WHERE username = ?"))
        .bind(username.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(User::try_from).transpose()
}

/// The user of this number.
pub(in crate::store::sqlite) async fn user_by_number(
    connection: &mut SqliteConnection,
    number: i64,
) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> = sqlx::query_as(select_users!("WHERE number = ?"))
        .bind(number)
        .fetch_optional(connection)
        .await?;
    row.map(User::try_from).transpose()
}

/// The users of these numbers who exist and can be read.
pub(in crate::store::sqlite) async fn users_by_number(
    connection: &mut SqliteConnection,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<Vec<User>, sqlx::Error> {
    let numbers = serde_json::Value::from_iter(numbers).to_string();
    let rows = sqlx::query_as(select_users!("WHERE number IN (SELECT value FROM json_each(?))"))
        .bind(numbers)
        .fetch_all(connection)
        .await?;
    Ok(readable(rows))
}

/// The users who have this role and can be read.
pub(in crate::store::sqlite) async fn users_with_role(
    connection: &mut SqliteConnection,
    role: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let rows = sqlx::query_as(select_users!(
        "WHERE number IN (SELECT user FROM user_roles WHERE role = ?)"
    ))
    .bind(role)
    .fetch_all(connection)
    .await?;
    Ok(readable(rows))
}

/// The users who have a session and can be read.
pub(in crate::store::sqlite) async fn users_with_sessions(
    connection: &mut SqliteConnection,
) -> Result<Vec<User>, sqlx::Error> {
    let rows = sqlx::query_as(select_users!(
        "WHERE EXISTS (SELECT 1 FROM sessions WHERE user = users.number)"
    ))
    .fetch_all(connection)
    .await?;
    Ok(readable(rows))
}

/// An invalid row admits no user and blocks no other user.
fn readable(rows: Vec<UserRow>) -> Vec<User> {
    let read = |row: UserRow| {
        User::try_from(row)
            .inspect_err(|error| tracing::error!(%error, "skipped a user that cannot be read"))
            .ok()
    };
    rows.into_iter().filter_map(read).collect()
}

/// Some users by name, those after this one.
pub(super) async fn users_after(
    connection: &mut SqliteConnection,
    name: &str,
    at_most: i64,
) -> Result<Vec<User>, StoreError> {
    let rows: Vec<UserRow> =
        sqlx::query_as(select_users!("WHERE username > ? ORDER BY username LIMIT ?"))
            .bind(name)
            .bind(at_most)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(User::try_from).collect()
}

#[derive(FromRow)]
struct UserRow {
    number: i64,
    id: String,
    username: String,
    email: Option<String>,
    password_hash: String,
    disabled: bool,
    epoch: i64,
    created_at: i64,
    /// A JSON array.
    roles: String,
    /// A JSON array.
    permissions: String,
    /// A JSON array of permissions with their ends.
    grants: String,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let read = || -> Option<Account> {
            Some(Account {
                user_id: row.id.parse().ok()?,
                username: row.username,
                email: row.email,
                created_at: DateTime::from_timestamp_millis(row.created_at)?,
                roles: serde_json::from_str(&row.roles).ok()?,
                permissions: Permissions::parse(
                    serde_json::from_str(&row.permissions).ok()?,
                    serde_json::from_str::<Vec<Granted>>(&row.grants).ok()?,
                )?,
                spelling: Spelling::default(),
            })
        };
        let id = row.id.clone();
        Ok(Self {
            number: row.number,
            epoch: row.epoch,
            account: read().ok_or(StoreError::Corrupt { user_id: id })?,
            password_hash: PasswordHash::stored(row.password_hash),
            disabled: row.disabled,
        })
    }
}
