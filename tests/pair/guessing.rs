//! Limits on clients that guess passwords, and on no others.

use crate::harness::{ADMIN, Answer, Pair, Setup};

const HOME: &str = "192.0.2.1";
const WRONG: &str = "a password that is wrong";

/// A pair behind a trusted proxy, which forwards the callers' addresses.
fn behind_a_proxy() -> Pair {
    Setup::new().sso("SSO_TRUSTED_PROXIES", "127.0.0.1").start()
}

/// Ten wrong passwords for a name, each from a network of its own.
async fn guess(pair: &Pair, name: &str) {
    for host in 1..=10 {
        let ip = format!("198.51.100.{host}");
        let answer = pair.anonymous().log_in_from(&ip, name, WRONG).await;
        answer.check_problem_is(401, "invalid_credentials");
    }
}

#[track_caller]
fn check_held_back(answer: &Answer) {
    answer.check_problem_is(429, "too_many_attempts");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=70).contains(&seconds), "{answer:?}");
    assert_eq!(answer.challenge(), None, "{answer:?}");
}

#[tokio::test]
async fn after_ten_wrong_passwords_only_a_known_network_logs_in() {
    let pair = behind_a_proxy();
    pair.create_user("alice", "the password of alice", &[]);
    let anonymous = pair.anonymous();
    assert_eq!(anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await.status, 200);
    guess(&pair, ADMIN.0).await;
    check_held_back(&anonymous.log_in_from("203.0.113.1", ADMIN.0, WRONG).await);
    check_held_back(&anonymous.log_in_from("203.0.113.1", ADMIN.0, ADMIN.1).await);
    assert_eq!(anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await.status, 200);
    let alice = anonymous.log_in_from("203.0.113.1", "alice", "the password of alice").await;
    assert_eq!(alice.status, 200, "{alice:?}");
}

#[tokio::test]
async fn a_known_network_is_known_after_a_restart() {
    let mut pair = behind_a_proxy();
    assert_eq!(pair.anonymous().log_in_from(HOME, ADMIN.0, ADMIN.1).await.status, 200);
    pair.sso.stop();
    pair.start_sso_again();
    guess(&pair, ADMIN.0).await;
    check_held_back(&pair.anonymous().log_in_from("203.0.113.1", ADMIN.0, ADMIN.1).await);
    assert_eq!(pair.anonymous().log_in_from(HOME, ADMIN.0, ADMIN.1).await.status, 200);
}

#[tokio::test]
async fn an_unknown_name_is_limited_as_well() {
    let pair = behind_a_proxy();
    for name in [ADMIN.0, "nobody"] {
        guess(&pair, name).await;
        check_held_back(&pair.anonymous().log_in_from(HOME, name, WRONG).await);
    }
}

#[tokio::test]
async fn all_of_an_ipv6_subnet_is_one_network() {
    let pair = behind_a_proxy();
    for host in 0..30 {
        let (ip, name) = (format!("2001:db8::{host:x}"), format!("nobody-{}", host % 10));
        let answer = pair.anonymous().log_in_from(&ip, &name, WRONG).await;
        answer.check_problem_is(401, "invalid_credentials");
    }
    check_held_back(&pair.anonymous().log_in_from("2001:db8::ffff", ADMIN.0, ADMIN.1).await);
    let elsewhere = pair.anonymous().log_in_from("2001:db8:0:1::1", ADMIN.0, ADMIN.1).await;
    assert_eq!(elsewhere.status, 200, "{elsewhere:?}");
}

#[tokio::test]
async fn simultaneous_guesses_are_limited_as_sequential_ones() {
    let pair = Pair::start();
    let guesses: Vec<_> = (0..40)
        .map(|_| {
            let anonymous = pair.anonymous();
            tokio::spawn(async move { anonymous.log_in(ADMIN.0, WRONG).await.status })
        })
        .collect();
    let mut compared = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            401 => compared += 1,
            status => assert!(matches!(status, 429 | 503), "{status}"),
        }
    }
    assert!(compared <= 10, "{compared}");
}

/// More simultaneous guesses than may fail. Few, so that their hashes take less than the two
/// seconds of the queue, on a slow machine as well.
#[tokio::test]
async fn simultaneous_log_ins_with_the_right_password_all_succeed() {
    let pair = Setup::new().sso("SSO_LOGIN_FAILURES_PER_USER", "1").start();
    let log_ins: Vec<_> = (0..4)
        .map(|_| {
            let anonymous = pair.anonymous();
            tokio::spawn(async move { anonymous.log_in(ADMIN.0, ADMIN.1).await.status })
        })
        .collect();
    for log_in in log_ins {
        assert_eq!(log_in.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn without_a_limit_no_log_in_is_refused() {
    let setup = Setup::new().sso("SSO_LOGIN_FAILURES_PER_IP", "0");
    let pair = setup.sso("SSO_LOGIN_FAILURES_PER_USER", "0").start();
    for _ in 0..31 {
        let answer = pair.anonymous().log_in(ADMIN.0, WRONG).await;
        answer.check_problem_is(401, "invalid_credentials");
    }
    assert_eq!(pair.anonymous().log_in(ADMIN.0, ADMIN.1).await.status, 200);
}
