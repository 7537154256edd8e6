//! The newest events, as administrators look through them.

use serde_json::Value;
use sqlx::{Row, query};

use crate::{
    page::{Page, Part},
    store::{Database, Unavailable},
};

/// The events in the database.
#[derive(Debug)]
pub(crate) struct AuditHistory {
    database: Database,
}

impl AuditHistory {
    /// The events in this database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Some events, the newest first. What cannot be read any more is left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn page(&self, part: &Part<i64>) -> Result<Page<Value>, Unavailable> {
        let found =
            query("SELECT number, event FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?");
        let found = found.bind(part.after.unwrap_or(i64::MAX)).bind(part.wanted());
        let mut events: Vec<(i64, Value)> = Vec::new();
        for row in found.fetch_all(&mut *self.database.reader().await?).await? {
            let event = serde_json::from_str(row.try_get("event")?).unwrap_or_default();
            events.push((row.try_get("number")?, event));
        }
        let page = part.page(events, |(number, _)| number.to_string());
        Ok(page.map(|(_, event)| event))
    }
}
