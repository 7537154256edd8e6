//! The database does not answer.

use std::sync::Arc;

/// Nothing is known: a read has failed, and a write may have been made or
/// not.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unavailable {
    /// SQLite said so. Shared: one commit fails for many.
    #[error("the database failed: {0}")]
    Failed(#[source] Arc<sqlx::Error>),
    /// It said nothing in time, or has been closed.
    #[error("the database does not answer")]
    Silent,
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(Arc::new(error))
    }
}
