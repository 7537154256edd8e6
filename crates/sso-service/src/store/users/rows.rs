//! Users as they stand in the tables.

use chrono::DateTime;

use crate::{
    store::{
        errors::StoreError,
        sql::{FromSqlRow, SqlConnection, SqlRow, lines, query, with_numbers},
    },
    users::{Account, Granted, PasswordHash, Permissions, Spelling, User, Username},
};

/// Every column of a [`UserRow`], in one statement, so that roles and permissions are of the same
/// instant as the rest.
macro_rules! select_users {
    ($condition:literal) => {
        concat!(
            "SELECT number, id, username, COALESCE(email, unverified_email) AS email,
                    email IS NOT NULL AS email_verified, registered, password_hash, disabled, epoch, created_at,
                    (SELECT string_agg(role, '\n' ORDER BY role)
                     FROM user_roles WHERE user_number = users.number) AS roles,
                    (SELECT string_agg(permission, '\n' ORDER BY permission) FROM (
                        SELECT permission FROM role_permissions JOIN user_roles USING (role)
                            WHERE user_number = users.number
                        UNION SELECT permission FROM user_permissions
                            WHERE user_number = users.number
                    ) AS lasting) AS permissions,
                    (SELECT string_agg(expires_at || ' ' || permission, '\n')
                     FROM grants WHERE user_number = users.number) AS grants
             FROM users ",
            $condition
        )
    };
}

/// The user of this name.
pub(in crate::store) async fn user_by_name(
    connection: &mut SqlConnection,
    username: &Username,
) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> = query(select_users!("WHERE username = $1"))
        .bind(username.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(User::try_from).transpose()
}

/// The user of this number.
pub(in crate::store) async fn user_by_number(
    connection: &mut SqlConnection,
    number: i64,
) -> Result<Option<User>, StoreError> {
    let row: Option<UserRow> =
        query(select_users!("WHERE number = $1")).bind(number).fetch_optional(connection).await?;
    row.map(User::try_from).transpose()
}

/// The users of these numbers who exist and can be read.
pub(in crate::store) async fn users_by_number(
    connection: &mut SqlConnection,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<Vec<User>, sqlx::Error> {
    let numbers = serde_json::Value::from_iter(numbers).to_string();
    let rows = query(with_numbers!(select_users!("WHERE number IN ")))
        .bind(numbers)
        .fetch_all(connection)
        .await?;
    Ok(readable(rows))
}

/// The users who have this role and can be read.
pub(in crate::store) async fn users_with_role(
    connection: &mut SqlConnection,
    role: &str,
) -> Result<Vec<User>, sqlx::Error> {
    let rows = query(select_users!(
        "WHERE number IN (SELECT user_number FROM user_roles WHERE role = $1)"
    ))
    .bind(role)
    .fetch_all(connection)
    .await?;
    Ok(readable(rows))
}

/// The users who have a session and can be read.
pub(in crate::store) async fn users_with_sessions(
    connection: &mut SqlConnection,
) -> Result<Vec<User>, sqlx::Error> {
    let rows = query(select_users!(
        "WHERE EXISTS (SELECT 1 FROM sessions WHERE user_number = users.number)"
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
    connection: &mut SqlConnection,
    name: &str,
    at_most: i64,
) -> Result<Vec<User>, StoreError> {
    let rows: Vec<UserRow> = query(select_users!("WHERE username > $1 ORDER BY username LIMIT $2"))
        .bind(name)
        .bind(at_most)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(User::try_from).collect()
}

struct UserRow {
    number: i64,
    id: String,
    username: String,
    email: Option<String>,
    email_verified: bool,
    registered: bool,
    password_hash: String,
    disabled: bool,
    epoch: i64,
    created_at: i64,
    roles: Vec<String>,
    permissions: Vec<String>,
    /// The ends of grants, in milliseconds, and their permissions.
    grants: Vec<String>,
}

impl FromSqlRow for UserRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("number")?,
            id: row.get("id")?,
            username: row.get("username")?,
            email: row.get("email")?,
            email_verified: row.get("email_verified")?,
            registered: row.get("registered")?,
            password_hash: row.get("password_hash")?,
            disabled: row.get("disabled")?,
            epoch: row.get("epoch")?,
            created_at: row.get("created_at")?,
            roles: lines(row, "roles")?,
            permissions: lines(row, "permissions")?,
            grants: lines(row, "grants")?,
        })
    }
}

fn granted(line: &str) -> Option<Granted> {
    let (expires_at, permission) = line.split_once(' ')?;
    Some(Granted { permission: permission.to_owned(), expires_at: expires_at.parse().ok()? })
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let read = || -> Option<Account> {
            Some(Account {
                user_id: row.id.parse().ok()?,
                username: row.username,
                email: row.email,
                email_verified: row.email_verified,
                created_at: DateTime::from_timestamp_millis(row.created_at)?,
                roles: row.roles,
                permissions: Permissions::parse(
                    row.permissions,
                    row.grants.iter().map(|line| granted(line)).collect::<Option<_>>()?,
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
            must_verify: row.registered && !row.email_verified,
        })
    }
}
