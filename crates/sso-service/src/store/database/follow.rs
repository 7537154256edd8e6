//! Keeping memory up to date with the database.

use crate::store::sql::SqlConnection;

/// Follows every change of the database, by this process or another.
pub(in crate::store) trait Follow: Send + 'static {
    /// Looks at what has changed since the last call; at the first, at everything.
    ///
    /// # Errors
    /// When the database cannot be read. The missed changes are read the next time.
    async fn catch_up(&mut self, connection: &mut SqlConnection) -> Result<(), sqlx::Error>;
}

/// Ignores changes.
#[derive(Debug)]
pub(super) struct NoFollower;

impl Follow for NoFollower {
    async fn catch_up(&mut self, _: &mut SqlConnection) -> Result<(), sqlx::Error> {
        Ok(())
    }
}
