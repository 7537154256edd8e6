//! Why a password was not verified, or not hashed.

use std::time::Duration;

use crate::{
    audit::{Event, Kind},
    limiter::AttemptRefusal,
    users::HashError,
};

/// What was wrong. For the audit log alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginFault {
    /// No user has the name.
    Name,
    /// The user may not log in.
    Disabled,
    /// The password is another.
    Password,
}

/// A user was not authenticated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAuthenticated {
    /// No enabled user has this name and this password.
    #[error("no enabled user has this name and password")]
    Wrong(LoginFault),
    /// Too many attempts failed; nothing was compared.
    #[error("too many attempts have failed")]
    TooManyAttempts {
        /// After this time another may be made.
        retry_after: Duration,
    },
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<AttemptRefusal> for NotAuthenticated {
    fn from(held: AttemptRefusal) -> Self {
        match held {
            AttemptRefusal::TooManyFailures { retry_after } => {
                Self::TooManyAttempts { retry_after }
            }
            AttemptRefusal::Busy => Self::Hash(HashError::Busy),
        }
    }
}

/// A new password was not hashed, or no mail was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotHashed {
    /// There were too many such requests from this network, or for this addressee.
    #[error("too many requests")]
    TooMany {
        /// After this time another may be made.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<AttemptRefusal> for NotHashed {
    fn from(held: AttemptRefusal) -> Self {
        match held {
            AttemptRefusal::TooManyFailures { retry_after } => Self::TooMany { retry_after },
            AttemptRefusal::Busy => Self::Hash(HashError::Busy),
        }
    }
}

impl NotHashed {
    /// The event of the refusal, with what was wanted.
    pub(super) fn recorded_as(&self, event: Event, wanted: &'static str) -> Event {
        match self {
            Self::TooMany { .. } => event.because(wanted),
            Self::Hash(_) => event.of_kind(Kind::Busy),
        }
    }
}

impl NotAuthenticated {
    /// The event of a log-in that failed, with its reason.
    pub(super) fn recorded_as(&self, event: Event) -> Event {
        match self {
            Self::Wrong(LoginFault::Name) => event.because("unknown_user"),
            Self::Wrong(LoginFault::Disabled) => event.because("disabled"),
            Self::Wrong(LoginFault::Password) => event.because("wrong_password"),
            Self::TooManyAttempts { .. } => event.of_kind(Kind::Throttled),
            Self::Hash(HashError::Busy) => event.of_kind(Kind::Busy),
            Self::Hash(_) => event.because("hash_fault"),
        }
    }
}
