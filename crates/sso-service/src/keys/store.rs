//! Keys in the database.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use sqlx::{FromRow, Row, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    key::{ApiKey, KeyName, NewKey},
    live::LiveKey,
};
use crate::{
    page::{Page, Part},
    store::{Database, Unavailable},
    tokens::TokenHash,
    users::{Account, Permissions, Spelling},
};

/// Every column of an [`ApiKey`].
macro_rules! select_keys {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, hash, expires_at, created_by, created_at,
                    (SELECT json_group_array(permission) FROM (
                        SELECT permission FROM api_key_permissions WHERE api_key = id
                        ORDER BY permission
                    )) AS permissions
             FROM api_keys ",
            $condition
        )
    };
}

/// The keys of this authority.
#[derive(Debug, Clone)]
pub(crate) struct KeyStore {
    database: Database,
}

impl KeyStore {
    /// The keys in this database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Some keys, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn page(&self, part: &Part<Uuid>) -> Result<Page<ApiKey>, Unavailable> {
        let after = part.after.map(|id| id.to_string()).unwrap_or_default();
        let found = query_as(select_keys!("WHERE id > ? ORDER BY id LIMIT ?"));
        let found = found.bind(after).bind(part.wanted());
        let found = found.fetch_all(&mut *self.database.reader().await?).await?;
        Ok(part.page(found, |key: &ApiKey| key.id.to_string()))
    }
}

/// Deletes a key, and gives its name. `None` when there is none of this id.
///
/// # Errors
/// When the database cannot be written.
pub(crate) async fn delete_key(
    connection: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<String>, sqlx::Error> {
    query_scalar("DELETE FROM api_keys WHERE id = ? RETURNING name")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await
}

/// Deletes the key of this name, and tells whether there was one.
///
/// # Errors
/// When the database cannot be written.
pub(crate) async fn delete_named_key(
    connection: &mut SqliteConnection,
    name: &KeyName,
) -> Result<bool, sqlx::Error> {
    let delete = query("DELETE FROM api_keys WHERE name = ?").bind(name.as_str());
    Ok(delete.execute(connection).await?.rows_affected() == 1)
}

/// What the key of this id permits, unless it is over.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn key_account(
    connection: &mut SqliteConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Arc<Account>>, sqlx::Error> {
    let key = query_as(select_keys!("WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)"))
        .bind(id.to_string())
        .bind(now.timestamp_millis());
    let key: Option<ApiKey> = key.fetch_optional(connection).await?;
    Ok(key.and_then(|key| Some(live(&key, &permissions(&key)?).account)))
}

/// All keys as they stand in the database.
pub(crate) async fn live_keys(
    connection: &mut SqliteConnection,
) -> Result<HashMap<TokenHash, LiveKey>, sqlx::Error> {
    let rows = query(select_keys!("")).fetch_all(connection).await?;
    let mut keys = HashMap::new();
    for row in rows {
        let hash = TokenHash::read(row.try_get("hash")?);
        let key = ApiKey::from_row(&row)?;
        // Nobody is let in because of a row that makes no sense, and nobody else is kept out.
        match (hash, permissions(&key)) {
            (Some(hash), Some(permissions)) => keys.insert(hash, live(&key, &permissions)),
            _ => {
                tracing::error!(key_id = %key.id, "a key is left out: it cannot be read");
                continue;
            }
        };
    }
    Ok(keys)
}

fn permissions(key: &ApiKey) -> Option<Vec<Permission>> {
    key.permissions.iter().map(|text| text.parse().ok()).collect()
}

fn live(key: &ApiKey, permissions: &[Permission]) -> LiveKey {
    let account = Account {
        user_id: key.id,
        username: format!("key:{}", key.name),
        email: None,
        created_at: key.created_at,
        roles: Vec::new(),
        permissions: Permissions::lasting(permissions),
        spelling: Spelling::default(),
    };
    LiveKey { account: Arc::new(account), expires_at: key.expires_at }
}

/// Creates a key.
///
/// # Errors
/// When another one is called so, or it cannot be written.
pub(crate) async fn create_key(
    connection: &mut SqliteConnection,
    key: NewKey,
    now: DateTime<Utc>,
) -> Result<ApiKey, KeyError> {
    let mut permissions: Vec<_> = key.permissions.iter().map(ToString::to_string).collect();
    permissions.sort_unstable();
    permissions.dedup();
    let new = ApiKey {
        id: id_at(now),
        name: key.name.as_str().to_owned(),
        permissions,
        expires_at: key.expires_at.map(|end| end.trunc_subsecs(3)),
        created_by: key.created_by,
        created_at: now.trunc_subsecs(3),
    };
    let inserted = query(
        "INSERT INTO api_keys (id, name, hash, expires_at, created_by, created_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(&new.name)
    .bind(key.hash.as_bytes())
    .bind(new.expires_at.map(|end| end.timestamp_millis()))
    .bind(&new.created_by)
    .bind(new.created_at.timestamp_millis())
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(KeyError::NameTaken(key.name));
    }
    for permission in &new.permissions {
        query("INSERT INTO api_key_permissions (api_key, permission) VALUES (?, ?)")
            .bind(new.id.to_string())
            .bind(permission)
            .execute(&mut *connection)
            .await?;
    }
    Ok(new)
}

impl<'r> FromRow<'r, SqliteRow> for ApiKey {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let instant = |millis| {
            DateTime::from_timestamp_millis(millis)
                .ok_or_else(|| sqlx::Error::Decode("an instant beyond the calendar".into()))
        };
        let id: &str = row.try_get("id")?;
        let permissions: &str = row.try_get("permissions")?;
        let expires_at: Option<i64> = row.try_get("expires_at")?;
        Ok(Self {
            id: id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            name: row.try_get("name")?,
            permissions: serde_json::from_str(permissions)
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            expires_at: expires_at.map(instant).transpose()?,
            created_by: row.try_get("created_by")?,
            created_at: instant(row.try_get("created_at")?)?,
        })
    }
}

/// No key was created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Another one is called so.
    #[error("a key {0} exists already")]
    NameTaken(KeyName),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for KeyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
