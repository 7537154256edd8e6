//! The table of instances: what each has applied, and how long to wait for it.

use std::time::Duration;

use crate::store::sql::{FromSqlRow, SqlConnection, SqlRow, query};

/// Another instance, or this one, as its row shows it.
#[derive(Debug, Clone)]
pub(super) struct InstanceRow {
    pub(super) id: String,
    /// The last change that is in force in its memory.
    pub(super) applied: i64,
    /// How long it may answer without a look.
    pub(super) stale_max: Duration,
}

impl FromSqlRow for InstanceRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let stale_max: i64 = row.get("stale_max")?;
        Ok(Self {
            id: row.get("id")?,
            applied: row.get("applied")?,
            stale_max: Duration::from_millis(u64::try_from(stale_max).unwrap_or(u64::MAX)),
        })
    }
}

/// Adds an instance that is about to load: from here on no change is pruned that it may need.
pub(super) async fn register(
    connection: &mut SqlConnection,
    id: &str,
    stale_max: Duration,
) -> Result<(), sqlx::Error> {
    let register = query(
        "INSERT INTO instances (id, stale_max) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET applied = NULL, expired = FALSE, registered_at = now()",
    );
    let millis = i64::try_from(stale_max.as_millis()).unwrap_or(i64::MAX);
    register.bind(id).bind(millis).execute(connection).await?;
    Ok(())
}

/// Writes how far an instance has applied the changes. `false` when it has expired: it must
/// register anew.
pub(super) async fn confirm(
    connection: &mut SqlConnection,
    id: &str,
    applied: i64,
) -> Result<bool, sqlx::Error> {
    let confirm = query("UPDATE instances SET applied = $2 WHERE id = $1 AND NOT expired").bind(id);
    Ok(confirm.bind(applied).execute(connection).await? == 1)
}

/// The instances that may answer from memory. One that loads does not yet.
pub(super) async fn unexpired(
    connection: &mut SqlConnection,
) -> Result<Vec<InstanceRow>, sqlx::Error> {
    query("SELECT id, applied, stale_max FROM instances WHERE NOT expired AND applied IS NOT NULL")
        .fetch_all(connection)
        .await
}

/// Marks an instance that was waited out, unless it has confirmed this change meanwhile.
pub(super) async fn expire(
    connection: &mut SqlConnection,
    id: &str,
    change: i64,
) -> Result<(), sqlx::Error> {
    let expire = query("UPDATE instances SET expired = TRUE WHERE id = $1 AND applied < $2");
    expire.bind(id).bind(change).execute(connection).await?;
    Ok(())
}

/// Removes an instance that has stopped answering.
pub(super) async fn remove(connection: &mut SqlConnection, id: &str) -> Result<(), sqlx::Error> {
    query("DELETE FROM instances WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}
