//! Removing what is over.

use super::*;
use crate::test_service::{TOKEN_TTL, noon};

on_both_engines![
    a_sweep_removes_only_ended_sessions,
    only_expired_sessions_are_recorded_by_the_sweep,
    many_sessions_that_end_at_once_are_recorded_as_a_number,
    the_nonce_of_a_renewal_is_wiped_after_ten_seconds,
];

async fn a_sweep_removes_only_ended_sessions(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let early = log_in(&service, "alice").await;
    service.clock.advance(TOKEN_TTL / 2);
    let late = log_in(&service, "bob").await;
    service.clock.advance(TOKEN_TTL / 2);
    sweep(&service).await;
    assert_eq!(service.counts().await, (1, 2), "a token has expired, no session has");
    assert!(is_valid(&service, &late).await);
    let early = refresh(&service, &early).await.unwrap();

    service.store.remove_user("bob".parse().unwrap()).await.unwrap();
    assert!(!is_valid(&service, &late).await);
    sweep(&service).await;
    assert_eq!(service.counts().await, (1, 1), "whose user is gone has gone");
    assert_eq!(service.store.number("SELECT count(*) FROM ended_sessions").await, 0);
    assert_eq!(service.store.number("SELECT count(*) FROM changes").await, 1, "the last one stays");
    assert!(is_valid(&service, &early).await);

    service.clock.advance(LIFETIMES.refresh);
    sweep(&service).await;
    assert_eq!(service.counts().await, (0, 0));
    for table in [
        "SELECT count(*) FROM sessions",
        "SELECT count(*) FROM session_tokens",
        "SELECT count(*) FROM refresh_tokens",
    ] {
        assert_eq!(service.store.number(table).await, 0, "{table}");
    }
    assert_eq!(service.store.number("SELECT count(*) FROM changes").await, 1, "the last one stays");
}

/// Sweeps twice: a change is removed when every instance has confirmed a later one.
async fn sweep(service: &TestService) {
    for _ in 0..2 {
        catch_up(service).await;
        service.upkeep.sweep().await.unwrap();
    }
    catch_up(service).await;
}

/// Count, session and user of each event of this kind.
fn recorded(
    service: TestService,
    kind: &str,
) -> Vec<(Option<u64>, Option<String>, Option<String>)> {
    let lines = service.audited().into_iter().filter(|line| line["audit"] == kind);
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().map(str::to_owned);
    lines
        .map(|line| (line["count"].as_u64(), text(&line, "session_id"), text(&line, "username")))
        .collect()
}

async fn only_expired_sessions_are_recorded_by_the_sweep(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let [expired, ended] = [log_in(&service, "alice").await, log_in(&service, "alice").await];
    assert!(log_out(&service, &ended).await);
    log_in(&service, "bob").await;
    service.store.end_all_of("bob".parse().unwrap()).await.unwrap();
    service.clock.advance(LIFETIMES.refresh);
    service.upkeep.sweep().await.unwrap();
    let expected = (None, Some(expired.session_id.to_string()), Some("alice".to_owned()));
    assert_eq!(recorded(service, "session_expired"), [expected]);
}

async fn many_sessions_that_end_at_once_are_recorded_as_a_number(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let sqlite = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 700)
        INSERT INTO sessions (id, user_number, epoch, created_at, last_seen_at, expires_at, ends_at)
        SELECT randomblob(16), number, 0, 0, 0, 1, 1 FROM n, users";
    let postgres = "
        INSERT INTO sessions (id, user_number, epoch, created_at, last_seen_at, expires_at, ends_at)
        SELECT uuid_send(gen_random_uuid()), number, 0, 0, 0, 1, 1
        FROM generate_series(1, 700), users";
    service.store.execute_on(sqlite, postgres).await;
    service.upkeep.sweep().await.unwrap();
    let metrics = service.metrics.render();
    assert!(metrics.contains("\nsessions_swept_total 700\n"), "{metrics}");
    let now = format!("\nsessions_last_sweep_timestamp_seconds {}\n", noon().timestamp());
    assert!(metrics.contains(&now), "{metrics}");
    assert_eq!(
        recorded(service, "session_expired"),
        [(Some(500), None, None), (Some(200), None, None)]
    );
}

async fn the_nonce_of_a_renewal_is_wiped_after_ten_seconds(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&service, &logged_in).await.unwrap();
    assert!(is_valid(&service, &renewed).await);
    let kept = "SELECT count(*) FROM refresh_tokens WHERE nonce IS NOT NULL";
    for (seconds, expected) in [(9, 1), (1, 0)] {
        service.clock.advance(Duration::from_secs(seconds));
        service.upkeep.sweep().await.unwrap();
        assert_eq!(service.store.number(kept).await, expected);
    }
    let reused = refresh(&service, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Reused(_))), "{reused:?}");
}
