//! Databases that cannot be written.

use super::*;
use futures_util::future::join_all;

on_both_engines![
    an_unwritable_log_out_is_in_force_and_retried,
    an_unwritable_reuse_still_ends_the_session,
];

#[tokio::test]
async fn a_full_disk_refuses_and_memory_agrees_with_it() {
    let database = TestDatabase::of(Engine::Sqlite);
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
    assert_eq!(service.counts().await, (begun.len(), counted));
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

async fn an_unwritable_log_out_is_in_force_and_retried(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let sessions = "SELECT count(*) FROM sessions";
    refuse_deletions(&service.store).await;
    assert!(!log_out(&service, &logged_in).await);
    assert!(!is_valid(&service, &logged_in).await);
    service.store.write_revocations().await.unwrap_err();
    assert_eq!(service.store.number(sessions).await, 1);

    accept_deletions(&service.store).await;
    service.store.write_revocations().await.unwrap();
    assert_eq!(service.store.number(sessions).await, 0);
    service.store.write_revocations().await.unwrap();
    assert!(log_out(&service, &logged_in).await);
}

async fn an_unwritable_reuse_still_ends_the_session(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&service, &logged_in).await.unwrap();
    assert!(is_valid(&service, &renewed).await);
    service.clock.advance(Duration::from_secs(10));
    refuse_deletions(&service.store).await;
    let reused = refresh(&service, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Store(_))), "{reused:?}");
    assert!(!is_valid(&service, &logged_in).await && !is_valid(&service, &renewed).await);
    let refused = refresh(&service, &renewed).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "{refused:?}");
    let again = restarted(engine, &database, service).await;
    assert!(!is_valid(&again, &logged_in).await && !is_valid(&again, &renewed).await);
    accept_deletions(&again.store).await;
    again.store.write_revocations().await.unwrap();
    assert_eq!(again.store.number("SELECT count(*) FROM sessions").await, 0);
}

/// With a file, the journal keeps revocations across a restart. On a server they are kept by the
/// process that could not write them.
async fn restarted(engine: Engine, database: &TestDatabase, service: TestService) -> TestService {
    if engine == Engine::Postgres {
        return service;
    }
    drop(service);
    let again = database.start().await;
    again.clock.advance(Duration::from_secs(11));
    again
}

/// No session can be deleted from now on.
async fn refuse_deletions(store: &Store) {
    let sqlite = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
        BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    let postgres = "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE 'stuck'; END $$;
        CREATE TRIGGER stuck BEFORE DELETE ON sessions EXECUTE FUNCTION stuck()";
    store.execute_on(sqlite, postgres).await;
}

async fn accept_deletions(store: &Store) {
    let postgres = "DROP TRIGGER stuck ON sessions; DROP FUNCTION stuck()";
    store.execute_on("DROP TRIGGER stuck", postgres).await;
}
