//! Keeping memory up to date with the database.

use crate::store::sql::SqlConnection;

/// Follows every change of the database, by this process or another.
pub(in crate::store) trait Follow<C = SqlConnection>: Send + 'static {
    /// Looks at what has changed since the last call; at the first, at everything.
    ///
    /// # Errors
    /// When the database cannot be read. The missed changes are read the next time.
    async fn catch_up(&mut self, connection: &mut C) -> Result<(), FollowError>;

    /// The last change that was looked at, and its tag.
    fn position(&self) -> Position;

    /// Takes over the number of sessions: one that ends without a token leaves no change.
    fn note_sessions(&self, count: i64);

    /// Forgets everything: the next call looks at everything again.
    fn forget(&mut self);
}

/// A place in the history of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Position {
    /// The number of a change; 0 before the first.
    pub(in crate::store) change: i64,
    /// The tag of the change, which another history does not have. Empty in SQLite.
    pub(in crate::store) tag: String,
}

/// The changes could not be applied.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum FollowError {
    /// They cannot be read.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A later version of this service has made a change that this one does not know.
    #[error("a change of the kind {0:?} is unknown to this version")]
    UnknownChange(String),
    /// The last change that was looked at is not there any more, so that others may be missing.
    #[error("the last known change is not in the database any more")]
    Gap,
}

impl FollowError {
    /// The same as an error of the database.
    pub(super) fn into_sqlx(self) -> sqlx::Error {
        match self {
            Self::Database(error) => error,
            Self::UnknownChange(_) | Self::Gap => sqlx::Error::Decode(Box::new(self)),
        }
    }
}

/// Ignores changes.
#[derive(Debug)]
pub(super) struct NoFollower;

impl Follow for NoFollower {
    async fn catch_up(&mut self, _: &mut SqlConnection) -> Result<(), FollowError> {
        Ok(())
    }

    fn position(&self) -> Position {
        Position::default()
    }

    fn note_sessions(&self, _: i64) {}

    fn forget(&mut self) {}
}
