//! How many sessions there may be.

use std::sync::Arc;

use super::*;

on_both_engines![
    beyond_the_total_limit_a_log_in_is_refused_and_no_session_ends,
    simultaneous_log_ins_stay_within_the_limits,
    an_evicted_session_is_recorded,
];

async fn beyond_the_total_limit_a_log_in_is_refused_and_no_session_ends(engine: Engine) {
    let limits = SessionLimits { per_user: 1, total: 2 };
    let database = TestDatabase::of(engine);
    let service = TestService::with(LIFETIMES, limits, &database.location).await;
    for name in ["alice", "bob", "carol"] {
        service.add_user(name, &[]).await;
    }
    let [alice, bob] = [log_in(&service, "alice").await, log_in(&service, "bob").await];
    let carol = TypedCredentials { name: "carol", password: PASSWORD };
    let refused = service.authority.login(carol, client(), "r").await;
    assert!(matches!(refused, Err(LoginError::TooManySessions(_))), "{refused:?}");
    // A user at both limits gets in at the cost of an own session.
    let again = log_in(&service, "alice").await;
    catch_up(&service).await;
    assert!(
        !is_valid(&service, &alice).await
            && is_valid(&service, &again).await
            && is_valid(&service, &bob).await
    );
    assert_eq!(service.counts().await, (2, 2));
}

async fn simultaneous_log_ins_stay_within_the_limits(engine: Engine) {
    let limits = SessionLimits { per_user: 3, total: 5 };
    let database = TestDatabase::of(engine);
    let service = Arc::new(TestService::with(LIFETIMES, limits, &database.location).await);
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let tasks = (0..24).map(|task| {
        let (service, name) = (service.clone(), if task % 2 == 0 { "alice" } else { "bob" });
        let user = async move {
            let user = service.store.find_user(&name.parse().unwrap()).await.unwrap().unwrap();
            service.authority.begin_session(user, client(), HERE).await
        };
        tokio::task::spawn_local(user)
    });
    let outcomes = tokio::task::LocalSet::new();
    let ended = outcomes.run_until(async { futures_util::future::join_all(tasks).await }).await;
    assert!(ended.iter().filter(|ended| ended.as_ref().unwrap().is_ok()).count() >= 5);
    catch_up(&service).await;
    let (tokens, sessions) = service.counts().await;
    assert_eq!((tokens, sessions), (5, 5));
}

async fn an_evicted_session_is_recorded(engine: Engine) {
    let one = SessionLimits { per_user: 1, ..LIMITS };
    let database = TestDatabase::of(engine);
    let service = TestService::with(LIFETIMES, one, &database.location).await;
    service.add_user("alice", &[]).await;
    let first = log_in(&service, "alice").await;
    log_in(&service, "alice").await;
    let lines = service.audited();
    let mut lines = lines.iter().filter(|line| line["audit"] == "session_evicted");
    let line = lines.next().unwrap();
    for (field, expected) in [
        ("session_id", first.session_id.to_string().as_str()),
        ("username", "alice"),
        ("request_id", "r"),
    ] {
        assert_eq!(line[field], expected);
    }
    assert!(lines.next().is_none());
}
