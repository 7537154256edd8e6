//! Attempts to log in, held back while too many fail.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::future::select;
use prometheus_client::metrics::gauge::Gauge;
use service_runtime::metrics::Metrics;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::{
    account_key::{AccountKey, AccountKeys},
    bucket::{AttemptOutcome, BucketFull},
    tables::{AttemptSource, Counted, LoginLimits, Tables},
    wakeups::Wakeups,
};
use crate::{fair_share::FairShare, network::Network};

/// How many attempts may wait for others to end.
const WAITING: usize = 256;

/// Counts failures to log in, per account and per network, and decides whether an attempt may
/// begin: before a password is hashed, and alike for known and unknown accounts.
#[derive(Debug)]
pub(crate) struct Limiter {
    keys: AccountKeys,
    /// Locked for look-ups alone: log-ins are rare compared with their cost.
    tables: Mutex<Tables>,
    /// Wakes waiting clients when an attempt ends.
    wakeups: Wakeups,
    /// The clients that wait for that.
    waiting: Arc<FairShare>,
    buckets: Gauge,
}

impl Limiter {
    /// A limiter that has counted nothing.
    pub(crate) fn new(limits: LoginLimits, metrics: &Metrics) -> Self {
        Self {
            keys: AccountKeys::default(),
            tables: Mutex::new(Tables::new(limits)),
            wakeups: Wakeups::new(),
            waiting: Arc::new(FairShare::of(WAITING)),
            buckets: metrics.register(
                "login_limiter_buckets",
                "Accounts and networks whose failures to log in are counted",
                Gauge::default(),
            ),
        }
    }

    /// The key that attempts of a user are counted by, by whichever name the user was found; or
    /// those of a name that finds no user.
    pub(crate) fn account(&self, user: Option<Uuid>, name: &str) -> AccountKey {
        self.keys.of(user, name)
    }

    /// The key that registrations from a network are counted by.
    pub(crate) fn registrations(&self, network: Network) -> AccountKey {
        self.keys.of_registrations(network)
    }

    /// The key that requests for mail to a user or an address are counted by.
    pub(crate) fn mail_to(&self, addressee: &str) -> AccountKey {
        self.keys.of_mail(addressee)
    }

    /// Remembers a log-in of an earlier run.
    pub(crate) fn remember(&self, user: Uuid, network: Network, at: DateTime<Utc>) {
        let account = self.keys.of(Some(user), "");
        self.lock().remember(AttemptSource { account, network, at });
    }

    /// Whether a user has logged in from the network.
    pub(crate) fn knows_network(&self, network: Network, now: DateTime<Utc>) -> bool {
        self.lock().knows_network(network, now)
    }

    /// Begins an attempt. When all those that go on might use up what is left, it waits for one to
    /// end: many users with the right password may log in at once.
    ///
    /// # Errors
    /// When there were too many failures, or too many attempts went on until the deadline.
    pub(crate) async fn begin(
        &self,
        account: AccountKey,
        network: Network,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<LoginAttempt<'_>, AttemptRefusal> {
        let source = AttemptSource { account, network, at: now };
        let mut place = None;
        loop {
            let [account_wakeup, network_wakeup] = self.wakeups.of(source);
            let mut of_account = pin!(account_wakeup.notified());
            let mut of_network = pin!(network_wakeup.notified());
            // From here on an end is heard of, also one before the wait.
            of_account.as_mut().enable();
            of_network.as_mut().enable();
            match self.try_begin(source) {
                Ok(attempt) => return Ok(attempt),
                Err(BucketFull::Spent(wait)) => {
                    return Err(AttemptRefusal::TooManyFailures { retry_after: wait });
                }
                Err(BucketFull::InFlight) => {}
            }
            if place.is_none() {
                place = Some(self.waiting.take(network).ok_or(AttemptRefusal::Busy)?);
            }
            let ended = select(of_account, of_network);
            timeout_at(deadline, ended).await.map_err(|_| AttemptRefusal::Busy)?;
        }
    }

    fn try_begin(&self, source: AttemptSource) -> Result<LoginAttempt<'_>, BucketFull> {
        let mut tables = self.lock();
        let counted = tables.begin(source)?;
        self.buckets.set(tables.len() as i64);
        Ok(LoginAttempt { limiter: self, source, counted, ending: AttemptOutcome::Wrong })
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A panic has at worst left an attempt uncounted.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that goes on. Dropped, it is a failure: a client that hangs up while a password is
/// hashed has tried it.
#[derive(Debug)]
#[must_use = "an attempt that is dropped is a failure"]
pub(crate) struct LoginAttempt<'a> {
    limiter: &'a Limiter,
    source: AttemptSource,
    counted: Counted,
    ending: AttemptOutcome,
}

impl LoginAttempt<'_> {
    /// Whether the account is known in this network: it has logged in there before.
    pub(crate) fn is_of_known(&self) -> bool {
        matches!(self.counted, Counted::Known)
    }

    /// The password was right. Its owner is known in this network from now on.
    pub(crate) fn succeed(mut self) {
        self.ending = AttemptOutcome::Right;
    }

    /// The password was wrong.
    pub(crate) fn fail(self) {}

    /// The password was not compared: nothing counts.
    pub(crate) fn give_back(mut self) {
        self.ending = AttemptOutcome::Undecided;
    }
}

impl Drop for LoginAttempt<'_> {
    fn drop(&mut self) {
        self.limiter.lock().end(self.source, self.counted, self.ending);
        self.limiter.wakeups.wake(self.source);
    }
}

/// An attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AttemptRefusal {
    /// There were as many failures as there may be.
    #[error("too many attempts have failed")]
    TooManyFailures {
        /// After this time one may begin, if none fails meanwhile.
        retry_after: Duration,
    },
    /// Too many attempts went on at the same time.
    #[error("too many simultaneous attempts")]
    Busy,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[tokio::test]
    async fn a_remembered_log_in_makes_its_network_known() {
        let limits = LoginLimits { per_network: 5, per_account: 3 };
        let limiter = Limiter::new(limits, &Metrics::default());
        let [home, elsewhere] = [1, 2].map(|host| Network::of([192, 0, 2, host].into()));
        let user = Uuid::from_u128(1);
        assert!(!limiter.knows_network(home, noon()));
        limiter.remember(user, home, noon());
        assert!(limiter.knows_network(home, noon()));
        assert!(!limiter.knows_network(elsewhere, noon()));
        let account = limiter.account(Some(user), "alice");
        for (network, is_known) in [(home, true), (elsewhere, false)] {
            let deadline = Instant::now() + Duration::from_secs(3600);
            let attempt = limiter.begin(account, network, noon(), deadline).await.unwrap();
            assert_eq!(attempt.is_of_known(), is_known);
            attempt.give_back();
        }
    }
}
