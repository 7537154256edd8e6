//! Why a client was not answered, or not granted anything.

use crate::{
    oauth::SigningError,
    store::{StoreError, TooManySessions, Unavailable, VouchError},
};

/// An authorization request did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// A parameter is repeated or not UTF-8.
    #[error("a parameter is repeated or cannot be read")]
    Malformed,
    /// The client is unknown. No address is known that could be told.
    #[error("the application that sent you here is not known")]
    UnknownClient,
    /// The address is none of the client's, and is told nothing.
    #[error("the application that sent you here named an address that is not registered for it")]
    WrongRedirectUri,
    /// The stored request has been answered, or is too old; or the session has ended meanwhile.
    #[error("this log-in is over; go back to the application and begin again")]
    RequestOver,
    /// Too many requests wait.
    #[error("too many log-ins for applications are going on")]
    TooMany,
    /// The client is told at this URL.
    #[error("the request is faulty")]
    Refused(String),
    /// There is no randomness for an id or a code.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    /// The keys of ID tokens cannot be read.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The database does not answer, or a user in it cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unavailable> for BeginError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

/// A code or a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantRefusal {
    /// It is unknown, spent or over, or not this client's; or the verifier or the address is wrong.
    #[error("the code or the refresh token is not valid")]
    InvalidGrant,
    /// More is asked for than was granted.
    #[error("the scope exceeds what was granted")]
    InvalidScope,
    /// The user of a device has not decided yet.
    #[error("the user has not decided yet")]
    Undecided,
    /// A device asks more often than it may.
    #[error("the device asks too often; wait five seconds longer between two requests")]
    TooEarly,
    /// The user of a device refused.
    #[error("the user refused")]
    Denied,
    /// The time of a device code is over.
    #[error("the device code has expired")]
    DeviceExpired,
    /// There is no room for another session.
    #[error(transparent)]
    TooManySessions(#[from] TooManySessions),
    /// There is no randomness for a token.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    /// The ID token cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The database does not answer, or a user in it cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<VouchError> for GrantRefusal {
    fn from(error: VouchError) -> Self {
        match error {
            VouchError::TooManySessions(error) => error.into(),
            VouchError::Store(error) => error.into(),
        }
    }
}
