//! Grants in the database.

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::clock::id_at;
use sqlx::{FromRow, Row, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use super::grant::{Grant, NewGrant};
use crate::{
    page::{Page, Part},
    store::{Database, Unavailable},
    users::Username,
};

/// The grants of this authority. Whom one concerns hears of it through the users' changes.
#[derive(Debug, Clone)]
pub(crate) struct GrantStore {
    database: Database,
}

/// A grant that was taken back.
#[derive(Debug, FromRow)]
pub(crate) struct GrantTaken {
    /// Whose it was.
    pub(crate) username: String,
    /// What it permitted.
    pub(crate) permission: String,
}

impl GrantStore {
    /// The grants in this database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Some grants, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn page(&self, part: &Part<Uuid>) -> Result<Page<Grant>, Unavailable> {
        let found = query_as(
            "SELECT grants.id, username, permission, expires_at, reason, granted_by,
                    grants.created_at
             FROM grants JOIN users ON users.number = user
             WHERE grants.id > ? ORDER BY grants.id LIMIT ?",
        );
        let after = part.after.map(|id| id.to_string()).unwrap_or_default();
        let found = found.bind(after).bind(part.wanted());
        let found = found.fetch_all(&mut *self.database.reader().await?).await?;
        Ok(part.page(found, |grant: &Grant| grant.id.to_string()))
    }
}

/// Takes a grant back. `None` when there is none of this id.
///
/// # Errors
/// When the database cannot be written.
pub(crate) async fn delete_grant(
    connection: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<GrantTaken>, sqlx::Error> {
    query_as(
        "DELETE FROM grants WHERE id = ?
         RETURNING (SELECT username FROM users WHERE number = user) AS username, permission",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
}

/// Makes a grant. It is in force at the user's next validation.
///
/// # Errors
/// When the user does not exist, or the database cannot be written.
pub(crate) async fn create_grant(
    connection: &mut SqliteConnection,
    grant: NewGrant,
    now: DateTime<Utc>,
) -> Result<Grant, GrantError> {
    let user = query_scalar("SELECT number FROM users WHERE username = ?");
    let user: Option<i64> =
        user.bind(grant.username.as_str()).fetch_optional(&mut *connection).await?;
    let Some(user) = user else {
        return Err(GrantError::NoSuchUser(grant.username));
    };
    let grant = Grant {
        id: id_at(now),
        username: grant.username.as_str().to_owned(),
        permission: grant.permission.to_string(),
        expires_at: grant.expires_at.trunc_subsecs(3),
        reason: grant.reason.as_str().to_owned(),
        granted_by: grant.granted_by,
        created_at: now.trunc_subsecs(3),
    };
    query(
        "INSERT INTO grants (id, user, permission, expires_at, reason, granted_by, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(grant.id.to_string())
    .bind(user)
    .bind(&grant.permission)
    .bind(grant.expires_at.timestamp_millis())
    .bind(&grant.reason)
    .bind(&grant.granted_by)
    .bind(grant.created_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(grant)
}

impl<'r> FromRow<'r, SqliteRow> for Grant {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let instant = |column| {
            let millis = row.try_get(column)?;
            DateTime::from_timestamp_millis(millis)
                .ok_or_else(|| sqlx::Error::Decode("an instant beyond the calendar".into()))
        };
        let id: &str = row.try_get("id")?;
        Ok(Self {
            id: id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            username: row.try_get("username")?,
            permission: row.try_get("permission")?,
            expires_at: instant("expires_at")?,
            reason: row.try_get("reason")?,
            granted_by: row.try_get("granted_by")?,
            created_at: instant("created_at")?,
        })
    }
}

/// No grant was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantError {
    /// There is nobody to have it.
    #[error("there is no user {0}")]
    NoSuchUser(Username),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for GrantError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
