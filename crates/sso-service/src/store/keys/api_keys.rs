//! API keys.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use uuid::Uuid;

use crate::{
    keys::{ApiKey, KeyName, LiveKey, NewKey},
    page::{Page, Part},
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, KeyError},
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, instant, lines, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
    users::{Account, Permissions, Spelling},
};

/// Every column of an [`ApiKey`], and its hash.
macro_rules! select_keys {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, hash, expires_at, created_by, created_at,
                    (SELECT string_agg(permission, '\n' ORDER BY permission)
                     FROM api_key_permissions WHERE api_key = id) AS permissions
             FROM api_keys ",
            $condition
        )
    };
}

impl Store {
    /// A page of keys, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn keys(&self, part: &Part<Uuid>) -> Result<Page<ApiKey>, Unavailable> {
        let select = select_keys!("WHERE id > $1 ORDER BY id LIMIT $2");
        self.page(select, part, |key: &ApiKey| key.id.to_string()).await
    }

    /// Creates a key.
    ///
    /// # Errors
    /// When the author may not, another key has the name, or the database cannot be written.
    pub(crate) async fn create_key(
        &self,
        key: NewKey,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<ApiKey>, AuthorizedError<KeyError>> {
        let create =
            async move |connection: &mut SqlConnection| create_key(connection, key, now).await;
        self.write_attributed(by, create).await
    }

    /// Deletes the key of this id, whose name is added to the events. Tells whether there was one.
    /// If the database does not answer, the key is invalid all the same, and the deletion is tried
    /// again.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_key(
        &self,
        id: Uuid,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| delete_key(connection, id).await;
        let deleted = self.write_deletion(by, delete, |event, name: &String| event.on(name)).await;
        if matches!(&deleted, Err(error) if error.is_unavailable()) {
            self.revoke_key(id).await;
        }
        deleted
    }

    /// Deletes the key of this name, and tells whether there was one.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_key_named(
        &self,
        name: KeyName,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| {
            let delete = query("DELETE FROM api_keys WHERE name = $1 RETURNING name");
            delete.bind(name.as_str()).fetch_optional(connection).await
        };
        self.write_deletion(by, delete, |event, _: &String| event).await
    }
}

/// Deletes the key of this id, and gives its name. `None` when there is none.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn delete_key(
    connection: &mut SqlConnection,
    id: Uuid,
) -> Result<Option<String>, sqlx::Error> {
    query("DELETE FROM api_keys WHERE id = $1 RETURNING name")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await
}

/// The account of the key of this id, unless the key has expired.
///
/// # Errors
/// When the database cannot be read.
pub(in crate::store) async fn key_account(
    connection: &mut SqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Arc<Account>>, sqlx::Error> {
    let key = query(select_keys!("WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)"))
        .bind(id.to_string())
        .bind(now.timestamp_millis());
    let key: Option<ApiKey> = key.fetch_optional(connection).await?;
    Ok(key.and_then(|key| Some(live(&key, &permissions(&key)?).account)))
}

/// All keys as they stand in the database.
pub(in crate::store) async fn live_keys(
    connection: &mut SqlConnection,
) -> Result<HashMap<TokenHash, LiveKey>, sqlx::Error> {
    let found: Vec<HashedKey> = query(select_keys!("")).fetch_all(connection).await?;
    let mut keys = HashMap::new();
    for HashedKey { hash, key } in found {
        // An invalid row is skipped, so that it blocks no other key.
        match (hash, permissions(&key)) {
            (Some(hash), Some(permissions)) => keys.insert(hash, live(&key, &permissions)),
            _ => {
                tracing::error!(key_id = %key.id, "skipped a key that cannot be read");
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
        email_verified: false,
        created_at: key.created_at,
        roles: Vec::new(),
        permissions: Permissions::lasting(permissions),
        spelling: Spelling::default(),
    };
    LiveKey { account: Arc::new(account), expires_at: key.expires_at }
}

async fn create_key(
    connection: &mut SqlConnection,
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
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(&new.name)
    .bind(key.hash.as_bytes())
    .bind(new.expires_at.map(|end| end.timestamp_millis()))
    .bind(&new.created_by)
    .bind(new.created_at.timestamp_millis())
    .execute(&mut *connection)
    .await?;
    if inserted == 0 {
        return Err(KeyError::NameTaken(key.name));
    }
    for permission in &new.permissions {
        query("INSERT INTO api_key_permissions (api_key, permission) VALUES ($1, $2)")
            .bind(new.id.to_string())
            .bind(permission)
            .execute(&mut *connection)
            .await?;
    }
    Ok(new)
}

/// A key, and its hash if that can be read.
struct HashedKey {
    hash: Option<TokenHash>,
    key: ApiKey,
}

impl FromSqlRow for HashedKey {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { hash: TokenHash::read(row.get("hash")?), key: ApiKey::from_row(row)? })
    }
}

impl FromSqlRow for ApiKey {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let id: &str = row.get("id")?;
        let expires_at: Option<i64> = row.get("expires_at")?;
        Ok(Self {
            id: id.parse().map_err(|error: uuid::Error| decode(error))?,
            name: row.get("name")?,
            permissions: lines(row, "permissions")?,
            expires_at: expires_at.map(instant).transpose()?,
            created_by: row.get("created_by")?,
            created_at: instant(row.get("created_at")?)?,
        })
    }
}
