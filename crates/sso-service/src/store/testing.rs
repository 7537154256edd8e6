//! Access to the tables, for tests.

use service_runtime::metrics::Metrics;

use super::handle::Store;
use crate::{
    sessions::SessionLimits,
    store::{
        database::Sharing,
        location::Location,
        sql::{Dialects, query},
    },
};

impl Store {
    /// A store of its own in memory.
    pub(crate) async fn in_memory() -> Self {
        let limits = SessionLimits { per_user: 100, total: 100 };
        Self::open(&Location::Memory, limits, Sharing::default(), &Metrics::default())
            .await
            .unwrap()
    }

    /// Changes the database in a way that no command does.
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.database.execute(sql).await;
    }

    /// The same by statements of each database.
    pub(crate) async fn execute_on(&self, sqlite: &'static str, postgres: &'static str) {
        self.database.execute(Dialects { sqlite, postgres }).await;
    }

    /// The number that a query gives.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        query(sql).fetch_one(&mut self.reader().await.unwrap()).await.unwrap()
    }

    /// The texts that a query gives.
    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        query(sql).fetch_all(&mut self.reader().await.unwrap()).await.unwrap()
    }
}
