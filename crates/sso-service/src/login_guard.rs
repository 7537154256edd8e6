//! Compares passwords: as often as may be, and with the same work for everybody.

use std::{sync::Arc, time::Duration};

use service_runtime::clock::Clock;
use tokio::time::Instant;

use crate::{
    audit::{AuditLog, Event, Kind, Source},
    limiter::{Attempt, Held, Limiter},
    network::Network,
    users::{Asker, HashError, Hasher, PATIENCE, Password, PasswordHash, User, Verdict},
};

/// How long a command in a shell waits for its password to be hashed.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

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

    /// Sends away who would be sent away in any case, before it is looked who it may be: a flood of
    /// log-ins has to cost less than the look-ups. That depends on where they come from and never
    /// on a name.
    ///
    /// # Errors
    /// When strangers have no room in the queue, and nobody is known in the network.
    pub(crate) fn check_room(&self, from: Source<'_>) -> Result<(), NotAuthenticated> {
        let now = self.clock.now();
        if !self.hasher.is_closed_to_strangers() || self.limiter.is_home(Network::of(from.ip), now)
        {
            return Ok(());
        }
        self.audit.record(Event::new(Kind::Busy, now).at(from));
        Err(NotAuthenticated::Hash(HashError::Busy))
    }

    /// The candidate, if it is the candidate's password.
    ///
    /// Who exists, is disabled, or is nobody takes the same way: the same counts, then the same
    /// queue, then one hash.
    ///
    /// # Errors
    /// When it is not, too many were not lately, or it could not be told before the deadline.
    pub(crate) async fn authenticate(
        &self,
        candidate: Option<User>,
        typed: Typed<'_>,
        from: Source<'_>,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let account = candidate.as_ref().map(|user| &user.account);
        let event = Event::new(Kind::LoginFailed, self.clock.now()).at(from);
        let event = account.map_or(event.clone(), |account| event.by(account));
        let result = self.try_authenticate(candidate, typed, Network::of(from.ip), deadline).await;
        if let Err(refusal) = &result {
            self.audit.record(refusal.told_by(event));
        }
        result
    }

    /// Hashes the password of somebody who registers. Each registration counts as a failure does,
    /// for the network alone: names can be tried out by it, and accounts made in any number.
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
            self.audit
                .record(refusal.told_by(Event::new(Kind::Throttled, self.clock.now())).at(from));
        })?;
        match self.hasher.hash(password, Asker::Stranger(network), deadline).await {
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

    /// Hashes the new password of somebody who may have one.
    ///
    /// # Errors
    /// When it could not be done within [`PATIENCE`].
    pub(crate) async fn hash(
        &self,
        password: Password,
        from: Source<'_>,
    ) -> Result<PasswordHash, HashError> {
        let (asker, deadline) = (Asker::Known(Network::of(from.ip)), Instant::now() + PATIENCE);
        let result = self.hasher.hash(password, asker, deadline).await;
        result.inspect_err(|error| {
            if matches!(error, HashError::Busy) {
                self.audit.record(Event::new(Kind::Busy, self.clock.now()).at(from));
            }
        })
    }

    /// Hashes the new password of a user whom a command in a shell creates or changes. Nobody else
    /// waits for it, so it may take as long as a busy machine needs.
    ///
    /// # Errors
    /// When it could not be done within a minute.
    pub(crate) async fn hash_for_command(
        &self,
        password: Password,
    ) -> Result<PasswordHash, HashError> {
        let deadline = Instant::now() + COMMAND_PATIENCE;
        self.hasher.hash(password, Asker::Service, deadline).await
    }

    async fn try_authenticate(
        &self,
        candidate: Option<User>,
        typed: Typed<'_>,
        network: Network,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let user_id = candidate.as_ref().map(|user| user.account.user_id);
        let account = self.limiter.account(user_id, typed.name);
        let attempt = self.limiter.begin(account, network, self.clock.now(), deadline).await?;
        let result =
            self.compare(candidate, typed.password, asker(&attempt, network), deadline).await;
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
        asker: Asker,
        deadline: Instant,
    ) -> Result<Authenticated, NotAuthenticated> {
        let (user, password) = match (enabled(candidate), Password::normalise(typed)) {
            (Ok(user), Ok(password)) => (user, password),
            (user, password) => {
                let password = password.unwrap_or_default();
                self.hasher.verify(password, PasswordHash::nobodys(), asker, deadline).await?;
                return Err(NotAuthenticated::Wrong(user.err().unwrap_or(Wrong::Password)));
            }
        };
        let hash = user.password_hash.clone();
        match self.hasher.verify(password, hash, asker, deadline).await? {
            Verdict::Wrong => Err(NotAuthenticated::Wrong(Wrong::Password)),
            Verdict::Right => Ok(Authenticated { user, new_hash: None }),
            Verdict::RightWithNewHash(new) => Ok(Authenticated { user, new_hash: Some(new) }),
        }
    }
}

/// Who logged in here before does not wait behind all who never did.
fn asker(attempt: &Attempt<'_>, network: Network) -> Asker {
    if attempt.is_of_known() { Asker::Known(network) } else { Asker::Stranger(network) }
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

/// A new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotHashed {
    /// There were too many from this network.
    #[error("too many registrations")]
    TooMany {
        /// After this time another may be made.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<Held> for NotHashed {
    fn from(held: Held) -> Self {
        match held {
            Held::TooManyFailures { retry_after } => Self::TooMany { retry_after },
            Held::Busy => Self::Hash(HashError::Busy),
        }
    }
}

impl NotHashed {
    fn told_by(&self, event: Event) -> Event {
        match self {
            Self::TooMany { .. } => event.because("registration"),
            Self::Hash(_) => event.of_kind(Kind::Busy),
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
    use std::net::IpAddr;

    use serde_json::{Value, json};
    use service_runtime::{clock::ManualClock, metrics::Metrics};
    use uuid::Uuid;

    use super::*;
    use crate::{
        audit::tests::Lines,
        authority::{LoggedIn, LoginError},
        limiter::LoginLimits,
        sessions::Client,
        test_service::{PASSWORD, TestService, noon},
        users::closed_to_strangers,
    };

    impl LoginGuard {
        /// How many passwords have been compared.
        pub(crate) fn comparisons(&self) -> u64 {
            self.hasher.comparisons()
        }
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    /// Alice, and Mallory, who is disabled.
    async fn service() -> TestService {
        let service = TestService::start().await;
        for name in ["alice", "mallory"] {
            service.add_user(name, &[]).await;
        }
        service.execute("UPDATE users SET disabled = 1 WHERE username = 'mallory'").await;
        service
    }

    async fn log_in(
        service: &TestService,
        name: &str,
        password: &str,
        ip: IpAddr,
    ) -> Result<LoggedIn, LoginError> {
        let client = Client::new(ip, None);
        service.authority.login(Typed { name, password }, client, "r-1").await
    }

    fn elsewhere(number: u8) -> IpAddr {
        [198, 51, 100, number].into()
    }

    /// Ten wrong passwords, each from a network of its own.
    async fn exhaust(service: &TestService, name: &str) {
        for number in 0..10 {
            let wrong = log_in(service, name, "a wrong password", elsewhere(number)).await;
            assert!(matches!(wrong, Err(LoginError::InvalidCredentials)), "{wrong:?}");
        }
    }

    /// A name is held back at the same point and at the same cost, whoever's it is.
    #[tokio::test]
    async fn who_is_held_back_costs_no_hash_whoever_it_is() {
        let service = service().await;
        for name in ["alice", "mallory", "nobody", "no name at all"] {
            let before = service.comparisons();
            exhaust(&service, name).await;
            assert_eq!(service.comparisons() - before, 10, "{name}");
            let held = log_in(&service, name, PASSWORD, elsewhere(99)).await;
            let Err(LoginError::TooManyAttempts { retry_after }) = held else {
                panic!("{name}: {held:?}");
            };
            // Tests begin at the beginning of a slot.
            assert_eq!(retry_after, Duration::from_secs(70), "{name}");
            assert_eq!(service.comparisons() - before, 10, "{name}");
        }
    }

    /// However a name is spelled, nothing tells whether it is a user's.
    #[tokio::test]
    async fn all_spellings_of_a_name_count_alike_whether_it_is_a_users_or_not() {
        let service = service().await;
        service.add_user("kate", &[]).await;
        for name in ["kate", "kirk"] {
            let spellings = [format!(" {name}"), format!("{name}\u{a0}\n"), name.to_uppercase()];
            for (number, spelling) in (0..10).zip(spellings.iter().cycle()) {
                let wrong = log_in(&service, spelling, "wrong", elsewhere(number)).await;
                assert!(matches!(wrong, Err(LoginError::InvalidCredentials)), "{wrong:?}");
            }
            for spelling in spellings.iter().map(String::as_str).chain([name]) {
                let held = log_in(&service, spelling, PASSWORD, elsewhere(99)).await;
                assert!(matches!(held, Err(LoginError::TooManyAttempts { .. })), "{spelling:?}");
            }
            let other = name.replace('k', "\u{212a}");
            let wrong = log_in(&service, &other, PASSWORD, elsewhere(99)).await;
            assert!(matches!(wrong, Err(LoginError::InvalidCredentials)), "{name}");
        }
    }

    #[tokio::test]
    async fn the_wait_ends_when_it_was_said_to() {
        let service = service().await;
        exhaust(&service, "alice").await;
        service.clock.advance(Duration::from_millis(69_999));
        let held = log_in(&service, "alice", PASSWORD, HOME).await;
        assert!(matches!(held, Err(LoginError::TooManyAttempts { .. })), "{held:?}");
        service.clock.advance(Duration::from_millis(1));
        log_in(&service, "alice", PASSWORD, HOME).await.unwrap();
    }

    #[tokio::test]
    async fn an_attack_from_elsewhere_does_not_lock_out_who_logged_in_here_before() {
        let service = service().await;
        log_in(&service, "alice", PASSWORD, HOME).await.unwrap();
        exhaust(&service, "alice").await;
        let held = log_in(&service, "alice", PASSWORD, elsewhere(200)).await;
        assert!(matches!(held, Err(LoginError::TooManyAttempts { .. })), "{held:?}");
        log_in(&service, "alice", PASSWORD, HOME).await.unwrap();
    }

    #[tokio::test]
    async fn one_network_fails_thirty_times_a_minute_and_no_more() {
        let service = service().await;
        for number in 0..30 {
            // Ten accounts: fewer than would look like a list.
            let name = format!("user-{}", number % 10);
            let wrong = log_in(&service, &name, "a wrong password", HOME).await;
            assert!(matches!(wrong, Err(LoginError::InvalidCredentials)), "{number} {wrong:?}");
        }
        let held = log_in(&service, "alice", PASSWORD, HOME).await;
        assert!(matches!(held, Err(LoginError::TooManyAttempts { .. })), "{held:?}");
        log_in(&service, "alice", PASSWORD, elsewhere(1)).await.unwrap();
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_counts_nothing() {
        let service = service().await;
        service.store.close().await;
        for _ in 0..20 {
            let unknown = log_in(&service, "alice", PASSWORD, HOME).await;
            assert!(matches!(unknown, Err(LoginError::Store(_))), "{unknown:?}");
        }
    }

    /// A guard of its own, which lets one attempt for a name begin at a time.
    fn guard(audit: AuditLog) -> LoginGuard {
        let metrics = Metrics::default();
        let limits = LoginLimits { per_network: 0, per_account: 1 };
        let (limiter, hasher) = (Limiter::new(limits, &metrics), Hasher::start(&metrics).unwrap());
        LoginGuard::new(Arc::new(ManualClock::at(noon())), limiter, hasher, audit)
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_sent_away_because_too_many_go_on_is_written_down() {
        let (record, metrics) = (Lines::default(), Metrics::default());
        let clock = Arc::new(ManualClock::at(noon()));
        let (audit, thread) =
            AuditLog::start(Box::new(record.clone()), None, clock, &metrics).unwrap();
        let guard = guard(audit);
        let (account, deadline) = (guard.limiter.account(None, "eve"), Instant::now() + PATIENCE);
        let begun = guard.limiter.begin(account, Network::of(HOME), noon(), deadline);
        let goes_on = begun.await.unwrap();
        let typed = Typed { name: "eve", password: PASSWORD };
        let from = Source { ip: HOME, request_id: "r-1" };
        let result = guard.authenticate(None, typed, from, deadline).await;
        assert!(matches!(result, Err(NotAuthenticated::Hash(HashError::Busy))), "{result:?}");
        assert_eq!(Instant::now(), deadline);
        goes_on.give_back();
        assert_eq!(guard.comparisons(), 0);
        thread.finish();
        let expected = json!({"audit": "busy", "time": "2027-01-15T08:00:00.000Z",
                              "ip": "192.0.2.1", "request_id": "r-1"});
        assert_eq!(record.parse(), [expected]);
    }

    #[test]
    fn in_a_flood_strangers_are_sent_away_before_it_is_looked_who_they_are() {
        let (record, metrics) = (Lines::default(), Metrics::default());
        let clock = Arc::new(ManualClock::at(noon()));
        let (audit, thread) =
            AuditLog::start(Box::new(record.clone()), None, clock.clone(), &metrics).unwrap();
        let limits = LoginLimits { per_network: 0, per_account: 10 };
        let (hasher, release) = closed_to_strangers();
        let guard = LoginGuard::new(clock, Limiter::new(limits, &metrics), hasher, audit);
        let is_let_in = |ip| guard.check_room(Source { ip, request_id: "r-1" }).is_ok();
        assert!(!is_let_in(HOME));
        guard.limiter.remember(Uuid::from_u128(1), Network::of(HOME), noon());
        assert!(is_let_in(HOME));
        assert!(!is_let_in(elsewhere(1)));
        drop((release, guard));
        thread.finish();
        let busy = |ip: &str| {
            json!({"audit": "busy", "time": "2027-01-15T08:00:00.000Z",
                                     "ip": ip, "request_id": "r-1"})
        };
        assert_eq!(record.parse(), [busy("192.0.2.1"), busy("198.51.100.1")]);
    }

    #[tokio::test]
    async fn every_end_of_a_log_in_is_written_down_without_what_was_typed() {
        let service = service().await;
        let logged_in = log_in(&service, "Alice", PASSWORD, HOME).await.unwrap();
        for (name, host) in [("alice", 102), ("mallory", 103), ("hunter2", 104), ("{\n}", 105)] {
            log_in(&service, name, "s3cret of mine", elsewhere(host)).await.unwrap_err();
        }
        exhaust(&service, "eve").await;
        log_in(&service, "eve", PASSWORD, HOME).await.unwrap_err();
        let lines = service.audited();
        let expected = json!({
            "audit": "login_ok",
            "time": "2027-01-15T08:00:00.000Z",
            "user_id": logged_in.account.user_id,
            "username": "alice",
            "session_id": logged_in.session_id,
            "ip": "192.0.2.1",
            "request_id": "r-1",
        });
        assert_eq!(lines[0], expected);
        let told = |line: &Value| {
            ["audit", "reason", "username"].map(|name| line[name].as_str().map(str::to_owned))
        };
        let expected = [
            ["login_failed", "wrong_password", "alice"],
            ["login_failed", "disabled", "mallory"],
            ["login_failed", "unknown_user", ""],
            ["login_failed", "unknown_user", ""],
        ];
        let expected =
            expected.map(|words| words.map(|word| (!word.is_empty()).then(|| word.to_owned())));
        assert_eq!(lines[1..5].iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(lines.last().unwrap()["audit"], "throttled");
        let text = format!("{lines:?}");
        for typed in ["hunter2", "s3cret", PASSWORD, "{\n}", "eve"] {
            assert!(!text.contains(typed), "{text}");
        }
    }
}
