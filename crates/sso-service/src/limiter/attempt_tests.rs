//! Simultaneous, waiting and abandoned attempts.

use std::{sync::Arc, time::Duration};

use service_runtime::metrics::Metrics;
use tokio::time::{Instant, timeout};

use super::{
    attempt::{AttemptRefusal, Limiter},
    bucket::AttemptOutcome,
    tables::LoginLimits,
};
use crate::{network::Network, test_service::noon};

const LIMITS: LoginLimits = LoginLimits { per_network: 5, per_account: 3 };

fn network(number: u32) -> Network {
    Network::of(number.to_be_bytes().into())
}

/// An attempt with this outcome.
async fn try_once(limiter: Arc<Limiter>, ending: AttemptOutcome) -> Result<(), AttemptRefusal> {
    let account = limiter.account(None, "alice");
    let deadline = Instant::now() + Duration::from_secs(3600);
    let attempt = limiter.begin(account, network(1), noon(), deadline).await?;
    tokio::task::yield_now().await;
    match ending {
        AttemptOutcome::Right => attempt.succeed(),
        AttemptOutcome::Wrong => attempt.fail(),
        AttemptOutcome::Undecided => attempt.give_back(),
    }
    Ok(())
}

/// The number of a hundred simultaneous attempts that pass.
async fn at_once(ending: AttemptOutcome) -> usize {
    let limits = LoginLimits { per_network: 0, per_account: 10 };
    let limiter = Arc::new(Limiter::new(limits, &Metrics::default()));
    let attempts = (0..100).map(|_| tokio::spawn(try_once(limiter.clone(), ending)));
    let mut passed = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        passed += usize::from(attempt.await.unwrap().is_ok());
    }
    passed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_wrong_attempts_stay_within_the_limit() {
    assert_eq!(at_once(AttemptOutcome::Wrong).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_right_attempts_all_pass() {
    assert_eq!(at_once(AttemptOutcome::Right).await, 100);
    assert_eq!(at_once(AttemptOutcome::Undecided).await, 100);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_waits_too_long_is_refused_as_busy() {
    let limiter = Limiter::new(LoginLimits { per_network: 1, per_account: 0 }, &Metrics::default());
    let account = limiter.account(None, "alice");
    let deadline = Instant::now() + Duration::from_secs(2);
    let first = limiter.begin(account, network(1), noon(), deadline).await.unwrap();
    let second = limiter.begin(account, network(1), noon(), deadline).await;
    assert_eq!(second.unwrap_err(), AttemptRefusal::Busy);
    first.give_back();
    limiter.begin(account, network(1), noon(), deadline).await.unwrap().fail();
    let third = limiter.begin(account, network(1), noon(), deadline).await.unwrap_err();
    assert!(matches!(third, AttemptRefusal::TooManyFailures { .. }), "{third}");
}

/// A crowd leaves room for a client from elsewhere, which is woken when an attempt ends.
#[tokio::test(start_paused = true)]
async fn one_network_does_not_fill_the_waiting_places() {
    let limiter = Limiter::new(LoginLimits { per_network: 0, per_account: 1 }, &Metrics::default());
    let account = limiter.account(None, "alice");
    let deadline = Instant::now() + Duration::from_secs(2);
    let begin = |from| limiter.begin(account, network(from), noon(), deadline);
    let first = begin(1).await.unwrap();
    let mut crowd: Vec<_> = (0..1000).map(|_| Box::pin(begin(1))).collect();
    let mut refused = 0;
    for attempt in &mut crowd {
        refused += usize::from(timeout(Duration::ZERO, attempt).await.is_ok());
    }
    assert_eq!(refused, 1000 - 128);
    let mut other = Box::pin(begin(2));
    timeout(Duration::ZERO, &mut other).await.unwrap_err();
    drop(crowd);
    first.succeed();
    other.await.unwrap().fail();
}

#[tokio::test]
async fn a_user_is_known_only_in_the_network_of_the_log_in() {
    let limiter = Limiter::new(LIMITS, &Metrics::default());
    let [alice, bob] = ["alice", "bob"].map(|name| limiter.account(None, name));
    let is_known = async |account, from| {
        let deadline = Instant::now() + Duration::from_secs(3600);
        let attempt = limiter.begin(account, network(from), noon(), deadline).await.unwrap();
        let is_known = attempt.is_of_known();
        attempt.give_back();
        is_known
    };
    assert!(!is_known(alice, 1).await);
    let deadline = Instant::now() + Duration::from_secs(3600);
    limiter.begin(alice, network(1), noon(), deadline).await.unwrap().succeed();
    assert!(is_known(alice, 1).await);
    assert!(!is_known(alice, 2).await);
    assert!(!is_known(bob, 1).await);
}

#[tokio::test]
async fn an_abandoned_attempt_counts_as_a_failure() {
    let limiter = Limiter::new(LoginLimits { per_network: 0, per_account: 1 }, &Metrics::default());
    let account = limiter.account(None, "alice");
    let deadline = Instant::now() + Duration::from_secs(3600);
    drop(limiter.begin(account, network(1), noon(), deadline).await.unwrap());
    let next = limiter.begin(account, network(2), noon(), deadline).await.unwrap_err();
    assert!(matches!(next, AttemptRefusal::TooManyFailures { .. }), "{next}");
}
