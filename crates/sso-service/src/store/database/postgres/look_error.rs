//! Why a look did not succeed.

use crate::store::database::follow::FollowError;

/// A look did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("a change of the kind {0:?} is unknown to this version")]
    UnknownChange(String),
    /// The next look tells why.
    #[error("the last known change is not in the database any more")]
    Gap,
    #[error("the instance has expired")]
    Expired,
    #[error("changes were pruned that the instance has not seen")]
    PrunedPast,
    #[error("the database lacks committed changes")]
    HistoryCut,
}

impl LookError {
    /// The same as an error of the database.
    pub(super) fn into_sqlx(self) -> sqlx::Error {
        match self {
            Self::Database(error) => error,
            error => sqlx::Error::Protocol(error.to_string()),
        }
    }
}

impl From<FollowError> for LookError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Database(error) => Self::Database(error),
            FollowError::UnknownChange(kind) => Self::UnknownChange(kind),
            FollowError::Gap => Self::Gap,
        }
    }
}
