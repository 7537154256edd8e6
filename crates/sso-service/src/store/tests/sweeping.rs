//! Removing what is over.

use super::*;
use crate::test_service::{TOKEN_TTL, noon};

#[tokio::test]
async fn a_sweep_removes_only_ended_sessions() {
    let service = TestService::start().await;
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let early = log_in(&service, "alice").await;
    service.clock.advance(TOKEN_TTL / 2);
    let late = log_in(&service, "bob").await;
    service.clock.advance(TOKEN_TTL / 2);
    service.upkeep.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 2), "a token has expired, no session has");
    assert!(is_valid(&service, &late).await);
    let early = refresh(&service, &early).await.unwrap();

    service.store.remove_user("bob".parse().unwrap()).await.unwrap();
    assert!(!is_valid(&service, &late).await);
    service.upkeep.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 1), "whose user is gone has gone");
    assert_eq!(service.store.number("SELECT count(*) FROM ended_sessions").await, 0);
    assert_eq!(service.store.number("SELECT count(*) FROM changes").await, 1, "the last one stays");
    assert!(is_valid(&service, &early).await);

    service.clock.advance(LIFETIMES.refresh);
    service.upkeep.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (0, 0));
    for table in [
        "SELECT count(*) FROM sessions",
        "SELECT count(*) FROM session_tokens",
        "SELECT count(*) FROM refresh_tokens",
    ] {
        assert_eq!(service.store.number(table).await, 0, "{table}");
    }
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

#[tokio::test]
async fn only_expired_sessions_are_recorded_by_the_sweep() {
    let service = TestService::start().await;
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

#[tokio::test]
async fn many_sessions_that_end_at_once_are_recorded_as_a_number() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 700)
        INSERT INTO sessions (id, user_number, epoch, created_at, last_seen_at, expires_at, ends_at)
        SELECT randomblob(16), number, 0, 0, 0, 1, 1 FROM n, users";
    service.execute(many).await;
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

#[tokio::test]
async fn the_nonce_of_a_renewal_is_wiped_after_ten_seconds() {
    let service = TestService::start().await;
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
