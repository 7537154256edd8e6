//! Databases that cannot be written.

use super::*;
use crate::sessions::SessionLimits;
use futures_util::future::join_all;

#[tokio::test]
async fn a_full_disk_refuses_and_memory_agrees_with_it() {
    let database = TestDatabase::new();
    let many = SessionLimits { per_user: 10_000, ..LIMITS };
    let service = TestService::with(LIFETIMES, many, &database.location).await;
    service.add_user("alice", &[]).await;
    // No room for another page. Rows that fit into the existing pages are written still.
    service.store.execute("PRAGMA max_page_count = 1").await;
    let mut begun = vec![];
    let refused = loop {
        match begin(&service, "alice").await {
            Ok(logged_in) => begun.push(logged_in),
            Err(error) => break error,
        }
        assert!(begun.len() < 1000, "the disk does not get full");
    };
    assert!(matches!(refused, LoginError::Store(_)), "{refused}");
    let last = begun.last().unwrap();
    assert!(is_valid(&service, last).await);
    let counted = service.store.number("SELECT count(*) FROM sessions").await;
    assert_eq!(service.live.counts(), (begun.len(), counted));
    // Other requests do not get stuck on it.
    let renewed = refresh(&service, last).await;
    assert!(matches!(renewed, Ok(_) | Err(RefreshError::Store(_))), "{renewed:?}");

    service.store.execute("PRAGMA max_page_count = 1000000").await;
    begun.push(begin(&service, "alice").await.unwrap());
    begun.push(refresh(&service, &begun[0]).await.unwrap());
    drop(service);
    let again = database.start().await;
    assert!(
        join_all(begun.iter().map(|begun| is_valid(&again, begun)))
            .await
            .iter()
            .all(|valid| *valid)
    );
}

#[tokio::test]
async fn an_unwritable_log_out_is_in_force_and_retried() {
    let database = TestDatabase::new();
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let sessions = "SELECT count(*) FROM sessions";
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
                 BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    service.store.execute(stuck).await;
    assert!(!log_out(&service, &logged_in).await);
    assert!(!is_valid(&service, &logged_in).await);
    service.store.write_revocations().await.unwrap_err();
    assert_eq!(service.store.number(sessions).await, 1);

    service.store.execute("DROP TRIGGER stuck").await;
    service.store.write_revocations().await.unwrap();
    assert_eq!(service.store.number(sessions).await, 0);
    service.store.write_revocations().await.unwrap();
    assert!(log_out(&service, &logged_in).await);
}

#[tokio::test]
async fn an_unwritable_reuse_still_ends_the_session() {
    let database = TestDatabase::new();
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&service, &logged_in).await.unwrap();
    assert!(is_valid(&service, &renewed).await);
    service.clock.advance(Duration::from_secs(10));
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
                 BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    service.store.execute(stuck).await;
    let reused = refresh(&service, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Store(_))), "{reused:?}");
    assert!(!is_valid(&service, &logged_in).await && !is_valid(&service, &renewed).await);
    let refused = refresh(&service, &renewed).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "{refused:?}");
    drop(service);

    let again = database.start().await;
    again.clock.advance(Duration::from_secs(11));
    assert!(!is_valid(&again, &logged_in).await && !is_valid(&again, &renewed).await);
    again.store.execute("DROP TRIGGER stuck").await;
    again.store.write_revocations().await.unwrap();
    assert_eq!(again.store.number("SELECT count(*) FROM sessions").await, 0);
}
