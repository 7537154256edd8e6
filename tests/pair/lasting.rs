//! Sessions outlive the service: an answered change persists, however the process ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::{ADMIN, Answer, Ask, Caller, Pair, Setup, cri, patience, until};

/// The time within which the service applies changes from the shell.
const HEARD: Duration = Duration::from_secs(1);

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_else(|| panic!("no {field}: {body}")).to_owned()
}

async fn log_in(pair: &Pair) -> Value {
    let answer = pair.anonymous().log_in(ADMIN.0, ADMIN.1).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn validate(pair: &Pair, token: &str) -> Answer {
    pair.anonymous().with_token(token).validate().await
}

#[tokio::test]
async fn sessions_and_log_outs_outlive_any_end_of_the_process() {
    let mut pair = Pair::start();
    let end_in_order = |pair: &mut Pair| {
        pair.sso.stop();
    };
    let crash = |pair: &mut Pair| pair.sso.kill();
    for end in [end_in_order as fn(&mut Pair), crash] {
        let [kept, ended] = [log_in(&pair).await, log_in(&pair).await];
        let renewed = pair.anonymous().refresh(&text(&kept, "refresh_token")).await.json();
        let ended = pair.anonymous().with_token(&text(&ended, "token"));
        assert_eq!(ended.log_out().await.status, 204);
        let before = validate(&pair, &text(&renewed, "token")).await.json();
        end(&mut pair);
        pair.start_sso_again();
        let after = validate(&pair, &text(&renewed, "token")).await;
        assert_eq!((after.status, after.json()), (200, before));
        assert_eq!(validate(&pair, &text(&kept, "token")).await.status, 200);
        ended.validate().await.check_problem_is(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_session_ended_from_the_shell_ends_on_both_services_within_a_second() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    for command in [&["sessions", "end", "--user", "alice"][..], &["user", "disable", "alice"]] {
        let alice = match command[0] {
            "sessions" => pair.user("alice", &["logs:read"]).await,
            _ => {
                let answer = pair.anonymous().log_in("alice", "the password of alice").await;
                pair.anonymous().with_token(&text(&answer.json(), "token"))
            }
        };
        assert_eq!(alice.logs("web").await.status, 200);
        pair.administer(command);
        until("the end of the session", HEARD, async || {
            let answer = alice.logs("web").await;
            assert!(matches!(answer.status, 200 | 401), "{answer:?}");
            (answer.status == 401).then_some(())
        })
        .await;
    }
    let refused = pair.anonymous().log_in("alice", "the password of alice").await;
    refused.check_problem_is(401, "invalid_credentials");
}

#[tokio::test]
async fn minted_sessions_are_valid_within_a_second_and_listed() {
    let pair = Pair::start();
    let minted =
        pair.administer(&["sessions", "mint", "--user", ADMIN.0, "--count", "300", "--ttl", "1h"]);
    let tokens: Vec<&str> = minted.stdout.lines().collect();
    assert_eq!(tokens.len(), 300);
    let last = pair.anonymous().with_token(tokens[299]);
    until("the last of them", HEARD, async || (last.validate().await.status == 200).then_some(()))
        .await;
    for token in tokens {
        assert_eq!(validate(&pair, token).await.status, 200);
    }
    let listed = pair.administer(&["sessions", "list", "--user", ADMIN.0]);
    assert_eq!(listed.stdout.lines().count(), 301, "{}", listed.stdout);
}

#[tokio::test]
async fn fifty_simultaneous_refreshes_are_one() {
    let pair = Pair::start();
    let first = log_in(&pair).await;
    let mut answers = JoinSet::new();
    for _ in 0..50 {
        let (caller, token) = (pair.anonymous(), text(&first, "refresh_token"));
        answers.spawn(async move { caller.refresh(&token).await });
    }
    let answers = answers.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(validate(&pair, &text(&answers[0].json(), "token")).await.status, 200);
}

#[tokio::test]
async fn a_user_lists_and_ends_own_sessions() {
    let pair = Pair::start();
    let (alice, root) = (pair.user("alice", &[]).await, pair.admin().await);
    let other = pair.anonymous().log_in("alice", "the password of alice").await.json();
    let sessions = alice.sso(Method::GET, "/auth/sessions").ask().await.json();
    let sessions = sessions["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let path = format!("/auth/sessions/{}", text(&other, "session_id"));
    let by_root = root.sso(Method::DELETE, &path).ask().await;
    by_root.check_problem_is(404, "session_not_found");
    assert_eq!(alice.sso(Method::DELETE, &path).ask().await.status, 204);
    validate(&pair, &text(&other, "token")).await.check_problem_is(401, "invalid_token");
    assert_eq!(alice.sso(Method::DELETE, "/auth/sessions?all=true").ask().await.status, 204);
    alice.validate().await.check_problem_is(401, "invalid_token");
    assert_eq!(root.validate().await.status, 200);
}

/// The state of a session as its client knows it.
#[derive(Debug)]
struct KnownSession {
    /// The newest session token.
    token: String,
    /// A refresh token that was presented without receiving an answer.
    unanswered_refresh: Option<String>,
    log_out: LogOut,
}

#[derive(Debug, PartialEq)]
enum LogOut {
    None,
    /// The request was sent, and no answer came.
    Unanswered,
    Done,
}

/// Logs in and uses the session in one of three ways, until the service is gone.
async fn use_sessions(caller: Caller, answered: Arc<AtomicUsize>) -> Vec<KnownSession> {
    let mut known: Vec<KnownSession> = Vec::new();
    while let Some(answer) = caller.try_to_log_in(ADMIN.0, ADMIN.1).await {
        if answer.status == 503 {
            continue; // too many at once for one hashing thread
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        let turn = answered.fetch_add(1, Ordering::Relaxed);
        let body = answer.json();
        let mut session = KnownSession {
            token: text(&body, "token"),
            unanswered_refresh: None,
            log_out: LogOut::None,
        };
        // A third is only begun, a third is renewed, and a third is renewed and ended.
        let use_for = turn % 3;
        if use_for > 0 {
            refresh(&caller, &mut session, text(&body, "refresh_token")).await;
        }
        if use_for > 1 && session.unanswered_refresh.is_none() {
            log_out(&caller, &mut session).await;
        }
        known.push(session);
    }
    known
}

async fn refresh(caller: &Caller, session: &mut KnownSession, refresh_token: String) {
    match caller.try_to_refresh(&refresh_token).await {
        Some(answer) => {
            assert_eq!(answer.status, 200, "{answer:?}");
            session.token = text(&answer.json(), "token");
        }
        None => session.unanswered_refresh = Some(refresh_token),
    }
}

async fn log_out(caller: &Caller, session: &mut KnownSession) {
    let request = caller.with_token(&session.token).sso(Method::POST, "/auth/logout");
    session.log_out = match request.try_to_ask().await {
        Some(answer) => {
            assert_eq!(answer.status, 204, "{answer:?}");
            LogOut::Done
        }
        None => LogOut::Unanswered,
    };
}

/// Checks that answered changes persist, and that a refresh with a lost answer is answered now.
async fn check(pair: &Pair, session: &mut KnownSession) {
    if let Some(refresh_token) = session.unanswered_refresh.take() {
        let answer = pair.anonymous().refresh(&refresh_token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        session.token = text(&answer.json(), "token");
    }
    let answer = validate(pair, &session.token).await;
    match session.log_out {
        LogOut::None => assert_eq!(answer.status, 200, "{answer:?}"),
        LogOut::Done => answer.check_problem_is(401, "invalid_token"),
        LogOut::Unanswered => {
            // From here on its state is certain.
            session.log_out = if answer.status == 200 { LogOut::None } else { LogOut::Done };
        }
    }
}

#[tokio::test]
async fn no_answered_change_is_lost_when_the_process_is_killed_repeatedly() {
    const KILLS: usize = 6;
    const CALLERS: usize = 6;
    let many = Setup::new().sso("SSO_MAX_SESSIONS_PER_USER", "100000");
    let mut pair = many.sso("SSO_LOG_LEVEL", "info").start();
    let mut known = Vec::new();
    for kill in 0..KILLS {
        let answered = Arc::new(AtomicUsize::new(0));
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            callers.spawn(use_sessions(pair.anonymous(), answered.clone()));
        }
        // Kills it in the middle of its work.
        until("some log-ins", 3 * patience(), async || {
            (answered.load(Ordering::Relaxed) >= 10 + 3 * kill).then_some(())
        })
        .await;
        pair.sso.kill();
        known.extend(callers.join_all().await.into_iter().flatten());
        pair.start_sso_again();
        // The newest first: a lost answer is repeated for ten seconds only.
        for session in known.iter_mut().rev() {
            check(&pair, session).await;
        }
    }
    let count = |log_out: &LogOut| known.iter().filter(|known| known.log_out == *log_out).count();
    assert!(count(&LogOut::None) > KILLS && count(&LogOut::Done) > KILLS, "{known:?}");
}
