//! The guard of log-ins.

#[cfg(test)]
mod guard_tests;

use std::{sync::Arc, time::Duration};

use service_runtime::clock::Clock;
use tokio::time::Instant;

use super::errors::{LoginFault, NotAuthenticated, NotHashed};
use crate::{
    audit::{AuditLog, Event, Kind, Source},
    limiter::{Limiter, LoginAttempt},
    network::Network,
    users::{
        HashError, HashRequester, Hasher, PATIENCE, Password, PasswordHash, PasswordVerdict, User,
    },
};

/// How long a command in a shell waits for its password to be hashed.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

/// Verifies passwords: only as often as the limits allow, and with the same work for every name.
#[derive(Debug)]
pub(crate) struct LoginGuard {
    clock: Arc<dyn Clock>,
    limiter: Limiter,
    hasher: Hasher,
    audit: AuditLog,
}

/// A name and a password, as they were typed.
#[derive(Clone, Copy)]
pub(crate) struct TypedCredentials<'a> {
    /// What was typed as the name.
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

/// A user who knows the password.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// The user.
    pub(crate) user: User,
    /// A hash with the present parameters, if the stored one was made with others.
    pub(crate) new_hash: Option<PasswordHash>,
}

impl LoginGuard {
    /// A guard that works with these.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        limiter: Limiter,
        hasher: Hasher,
        audit: AuditLog,
    ) -> Self {
        Self { clock, limiter, hasher, audit }
    }

    /// Refuses unknown networks before user look-up when the queue is full: a flood of log-ins has
    /// to cost less than the look-ups. The decision never depends on a name.
    ///
    /// # Errors
    /// When the queue has no room for unknown clients, and no user is known in the network.
    pub(crate) fn check_room(&self, from: Source<'_>) -> Result<(), NotAuthenticated> {
        let now = self.clock.now();
        if !self.hasher.refuses_strangers() || self.limiter.knows_network(Network::of(from.ip), now)
        {
            return Ok(());
        }
        self.audit.record(Event::new(Kind::Busy, now).at(from));
        Err(NotAuthenticated::Hash(HashError::Busy))
    }

    /// Verifies the password of the candidate.
    ///
    /// An enabled user, a disabled one and an unknown name take the same steps: the same counts,
    /// then the same queue, then one hash.
    ///
    /// # Errors
    /// When the password is wrong, too many were wrong lately, or it could not be verified before
    /// the deadline.
    pub(crate) async fn authenticate(
        &self,
        candidate: Option<User>,
        typed: TypedCredentials<'_>,
        from: Source<'_>,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let account = candidate.as_ref().map(|user| &user.account);
        let event = Event::new(Kind::LoginFailed, self.clock.now()).at(from);
        let event = account.map_or(event.clone(), |account| event.by(account));
        let result = self.try_authenticate(candidate, typed, Network::of(from.ip), deadline).await;
        if let Err(refusal) = &result {
            self.audit.record(refusal.recorded_as(event));
        }
        result
    }

    /// Hashes the password of a client that registers. Each registration counts as a failure does,
    /// for the network alone: a client could find out names by it, and create any number of
    /// accounts.
    ///
    /// # Errors
    /// When there were too many from this network, or it could not be done within [`PATIENCE`].
    pub(crate) async fn hash_for_registration(
        &self,
        password: Password,
        from: Source<'_>,
    ) -> Result<PasswordHash, NotHashed> {
        let (network, deadline) = (Network::of(from.ip), Instant::now() + PATIENCE);
        let account = self.limiter.registrations(network);
        let begun = self.limiter.begin(account, network, self.clock.now(), deadline).await;
        let attempt = begun.map_err(NotHashed::from).inspect_err(|refusal| {
            let event = Event::new(Kind::Throttled, self.clock.now()).at(from);
            self.audit.record(refusal.recorded_as(event, "registration"));
        })?;
        match self.hasher.hash(password, HashRequester::Stranger(network), deadline).await {
            Ok(hash) => {
                attempt.fail();
                Ok(hash)
            }
            Err(error) => {
                attempt.give_back();
                Err(error.into())
            }
        }
    }

    /// Begins a request that has mail sent to a user or an address, or that tries a code in such a
    /// mail. What fails, and what is sent, counts as a failure to log in does: for the network, and
    /// for the addressee apart from log-ins.
    ///
    /// # Errors
    /// When there were too many.
    pub(crate) async fn begin_mail_request(
        &self,
        addressee: &str,
        from: Source<'_>,
    ) -> Result<LoginAttempt<'_>, NotHashed> {
        let (network, deadline) = (Network::of(from.ip), Instant::now() + PATIENCE);
        let account = self.limiter.mail_to(addressee);
        let begun = self.limiter.begin(account, network, self.clock.now(), deadline).await;
        begun.map_err(NotHashed::from).inspect_err(|refusal| {
            let event = Event::new(Kind::Throttled, self.clock.now()).at(from);
            self.audit.record(refusal.recorded_as(event, "mail"));
        })
    }

    /// Hashes a new password of a user.
    ///
    /// # Errors
    /// When it could not be done within [`PATIENCE`].
    pub(crate) async fn hash(
        &self,
        password: Password,
        from: Source<'_>,
    ) -> Result<PasswordHash, HashError> {
        let (requester, deadline) =
            (HashRequester::Known(Network::of(from.ip)), Instant::now() + PATIENCE);
        let result = self.hasher.hash(password, requester, deadline).await;
        result.inspect_err(|error| {
            if matches!(error, HashError::Busy) {
                self.audit.record(Event::new(Kind::Busy, self.clock.now()).at(from));
            }
        })
    }

    /// Hashes the new password of a user that a shell command creates or changes. No request
    /// waits for it, so it may take as long as a busy machine needs.
    ///
    /// # Errors
    /// When it could not be done within a minute.
    pub(crate) async fn hash_for_command(
        &self,
        password: Password,
    ) -> Result<PasswordHash, HashError> {
        let deadline = Instant::now() + COMMAND_PATIENCE;
        self.hasher.hash(password, HashRequester::Service, deadline).await
    }

    async fn try_authenticate(
        &self,
        candidate: Option<User>,
        typed: TypedCredentials<'_>,
        network: Network,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let user_id = candidate.as_ref().map(|user| user.account.user_id);
        let account = self.limiter.account(user_id, typed.name);
        let attempt = self.limiter.begin(account, network, self.clock.now(), deadline).await?;
        let result =
            self.compare(candidate, typed.password, requester(&attempt, network), deadline).await;
        match &result {
            Ok(_) => attempt.succeed(),
            Err(NotAuthenticated::Wrong(_)) => attempt.fail(),
            Err(_) => attempt.give_back(),
        }
        result
    }

    /// Without an enabled candidate, or with a password that no user can have, as much is computed,
    /// with a hash that no password has.
    async fn compare(
        &self,
        candidate: Option<User>,
        typed: &str,
        requester: HashRequester,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let (user, password) = match (enabled(candidate), Password::normalise(typed)) {
            (Ok(user), Ok(password)) => (user, password),
            (user, password) => {
                let password = password.unwrap_or_default();
                self.hasher.verify(password, PasswordHash::dummy(), requester, deadline).await?;
                return Err(NotAuthenticated::Wrong(user.err().unwrap_or(LoginFault::Password)));
            }
        };
        let hash = user.password_hash.clone();
        match self.hasher.verify(password, hash, requester, deadline).await? {
            PasswordVerdict::Wrong => Err(NotAuthenticated::Wrong(LoginFault::Password)),
            PasswordVerdict::Right => Ok(Authenticated { user, new_hash: None }),
            PasswordVerdict::RightWithNewHash(new) => {
                Ok(Authenticated { user, new_hash: Some(new) })
            }
        }
    }
}

/// A user who logged in from here before does not wait behind all unknown clients.
fn requester(attempt: &LoginAttempt<'_>, network: Network) -> HashRequester {
    if attempt.is_of_known() {
        HashRequester::Known(network)
    } else {
        HashRequester::Stranger(network)
    }
}

fn enabled(candidate: Option<User>) -> Result<User, LoginFault> {
    match candidate {
        None => Err(LoginFault::Name),
        Some(user) if user.disabled => Err(LoginFault::Disabled),
        Some(user) => Ok(user),
    }
}
