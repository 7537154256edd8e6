//! Compares passwords: as often as may be, and with the same work for everybody.

use std::{sync::Arc, time::Duration};

use service_runtime::clock::Clock;
use tokio::time::Instant;

use crate::{
    audit::{AuditLog, Event, Kind, Origin},
    limiter::{Held, Limiter},
    network::Network,
    users::{HashError, Hasher, PATIENCE, Password, PasswordHash, User, Verdict},
};

/// Stands between whoever knows, or guesses, a password and the hashing threads.
#[derive(Debug)]
pub(crate) struct LoginGuard {
    clock: Arc<dyn Clock>,
    limiter: Limiter,
    hasher: Hasher,
    audit: AuditLog,
}

/// What somebody typed.
#[derive(Clone, Copy)]
pub(crate) struct Typed<'a> {
    /// A name, we hope.
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

/// A user who knows the password.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// Who it is.
    pub(crate) user: User,
    /// To be stored in the place of the hash that was made with other parameters.
    pub(crate) new_hash: Option<PasswordHash>,
}

impl LoginGuard {
    /// A guard that has seen nobody yet.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        limiter: Limiter,
        hasher: Hasher,
        audit: AuditLog,
    ) -> Self {
        Self { clock, limiter, hasher, audit }
    }

    /// The candidate, if it is the candidate's password.
    ///
    /// Who exists, is disabled, or is nobody takes the same way: the same counts, then the same
    /// queue, then one hash.
    ///
    /// # Errors
    /// When it is not, too many were not lately, or it could not be told within [`PATIENCE`].
    pub(crate) async fn authenticate(
        &self,
        candidate: Option<User>,
        typed: Typed<'_>,
        from: Origin<'_>,
    ) -> Result<Authenticated, NotAuthenticated> {
        let account = candidate.as_ref().map(|user| &user.account);
        let event = Event::new(Kind::LoginFailed, self.clock.now()).at(from);
        let event = account.map_or(event.clone(), |account| event.by(account));
        let result = self.try_authenticate(candidate, typed, Network::of(from.ip)).await;
        if let Err(refusal) = &result {
            self.audit.record(refusal.told_by(event));
        }
        result
    }

    async fn try_authenticate(
        &self,
        candidate: Option<User>,
        typed: Typed<'_>,
        network: Network,
    ) -> Result<Authenticated, NotAuthenticated> {
        let deadline = Instant::now() + PATIENCE;
        let user_id = candidate.as_ref().map(|user| user.account.user_id);
        let account = self.limiter.account(user_id, typed.name);
        let attempt = self.limiter.begin(account, network, self.clock.now(), deadline).await?;
        let result = self.compare(candidate, typed.password, network, deadline).await;
        match &result {
            Ok(_) => attempt.succeed(),
            Err(NotAuthenticated::Wrong(_)) => attempt.fail(),
            Err(_) => attempt.give_back(),
        }
        result
    }

    /// Without an enabled candidate, and without a password that could be anyone's, as much is
    /// computed, with a hash that is nobody's.
    async fn compare(
        &self,
        candidate: Option<User>,
        typed: &str,
        network: Network,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let (user, password) = match (enabled(candidate), Password::normalise(typed)) {
            (Ok(user), Ok(password)) => (user, password),
            (user, password) => {
                let password = password.unwrap_or_default();
                self.hasher.verify(password, PasswordHash::nobodys(), network, deadline).await?;
                return Err(NotAuthenticated::Wrong(user.err().unwrap_or(Wrong::Password)));
            }
        };
        let hash = user.password_hash.clone();
        match self.hasher.verify(password, hash, network, deadline).await? {
            Verdict::Wrong => Err(NotAuthenticated::Wrong(Wrong::Password)),
            Verdict::Right => Ok(Authenticated { user, new_hash: None }),
            Verdict::RightWithNewHash(new) => Ok(Authenticated { user, new_hash: Some(new) }),
        }
    }
}

fn enabled(candidate: Option<User>) -> Result<User, Wrong> {
    match candidate {
        None => Err(Wrong::Name),
        Some(user) if user.disabled => Err(Wrong::Disabled),
        Some(user) => Ok(user),
    }
}

/// What was wrong. For the audit log alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is nobody's name.
    Name,
    /// The user may not log in.
    Disabled,
    /// It is another password.
    Password,
}

/// Nobody was authenticated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAuthenticated {
    /// No enabled user has this name and this password.
    #[error("no enabled user has this name and password")]
    Wrong(Wrong),
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

impl From<Held> for NotAuthenticated {
    fn from(held: Held) -> Self {
        match held {
            Held::TooManyFailures { retry_after } => Self::TooManyAttempts { retry_after },
            Held::Busy => Self::Hash(HashError::Busy),
        }
    }
}

impl NotAuthenticated {
    /// The event of a log-in that failed, as the event of what it failed by.
    fn told_by(&self, event: Event) -> Event {
        match self {
            Self::Wrong(Wrong::Name) => event.because("unknown_user"),
            Self::Wrong(Wrong::Disabled) => event.because("disabled"),
            Self::Wrong(Wrong::Password) => event.because("wrong_password"),
            Self::TooManyAttempts { .. } => event.of_kind(Kind::Throttled),
            Self::Hash(HashError::Busy) => event.of_kind(Kind::Busy),
            Self::Hash(_) => event.because("hash_fault"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl LoginGuard {
        /// How many passwords have been compared.
        pub(crate) fn comparisons(&self) -> u64 {
            self.hasher.comparisons()
        }
    }
}
