//! The guard under attack.

use std::{net::IpAddr, sync::mpsc};

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
    users::{closed_to_strangers, held_up},
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
    service.authority.login(TypedCredentials { name, password }, client, "r-1").await
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

/// A name is held back at the same point and at the same cost, whether or not a user has it.
#[tokio::test]
async fn a_limited_log_in_costs_no_hash_for_any_name() {
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
async fn all_spellings_of_a_known_or_unknown_name_count_together() {
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
async fn a_log_in_is_tried_again_after_the_stated_wait() {
    let service = service().await;
    exhaust(&service, "alice").await;
    service.clock.advance(Duration::from_millis(69_999));
    let held = log_in(&service, "alice", PASSWORD, HOME).await;
    assert!(matches!(held, Err(LoginError::TooManyAttempts { .. })), "{held:?}");
    service.clock.advance(Duration::from_millis(1));
    log_in(&service, "alice", PASSWORD, HOME).await.unwrap();
}

#[tokio::test]
async fn an_attack_from_elsewhere_does_not_lock_out_a_known_network() {
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
async fn a_log_in_refused_as_busy_is_recorded() {
    let (record, metrics) = (Lines::default(), Metrics::default());
    let clock = Arc::new(ManualClock::at(noon()));
    let (audit, thread) = AuditLog::start(Box::new(record.clone()), None, clock, &metrics).unwrap();
    let guard = guard(audit);
    let (account, deadline) = (guard.limiter.account(None, "eve"), Instant::now() + PATIENCE);
    let begun = guard.limiter.begin(account, Network::of(HOME), noon(), deadline);
    let goes_on = begun.await.unwrap();
    let typed = TypedCredentials { name: "eve", password: PASSWORD };
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

/// The guard, with a hasher whose thread is held up until the sender is dropped.
fn held_up_guard(audit: AuditLog) -> (LoginGuard, mpsc::Sender<()>) {
    let limits = LoginLimits { per_network: 0, per_account: 0 };
    let (hasher, release) = held_up();
    let limiter = Limiter::new(limits, &Metrics::default());
    (LoginGuard::new(Arc::new(ManualClock::at(noon())), limiter, hasher, audit), release)
}

#[tokio::test(start_paused = true)]
async fn a_new_password_is_refused_as_busy_when_its_requester_has_no_more_patience() {
    let (record, clock) = (Lines::default(), Arc::new(ManualClock::at(noon())));
    let (audit, thread) =
        AuditLog::start(Box::new(record.clone()), None, clock, &Metrics::default()).unwrap();
    let (guard, release) = held_up_guard(audit);
    let (password, from) =
        (|| Password::normalise(PASSWORD).unwrap(), Source { ip: HOME, request_id: "r-1" });
    let begun = Instant::now();
    let registered = guard.hash_for_registration(password(), from).await;
    assert!(matches!(registered, Err(NotHashed::Hash(HashError::Busy))), "{registered:?}");
    assert_eq!(begun.elapsed(), PATIENCE);
    let changed = guard.hash(password(), from).await;
    assert!(matches!(changed, Err(HashError::Busy)), "{changed:?}");
    assert_eq!(begun.elapsed(), 2 * PATIENCE);
    let commanded = guard.hash_for_command(password()).await;
    assert!(matches!(commanded, Err(HashError::Busy)), "{commanded:?}");
    assert_eq!(begun.elapsed(), 2 * PATIENCE + COMMAND_PATIENCE);
    drop((release, guard));
    thread.finish();
    let lines = record.parse();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["audit"] == "busy"), "{lines:?}");
}

#[test]
fn unknown_networks_are_refused_before_user_look_up_when_the_queue_is_full() {
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
async fn every_outcome_of_a_log_in_is_recorded_without_the_credentials() {
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
