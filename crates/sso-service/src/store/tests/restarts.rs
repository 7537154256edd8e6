//! Restarts of the service, and changes by other processes.

use super::*;
use crate::administration::{Actor, Minting};

on_postgres![
    a_log_out_right_after_a_log_in_elsewhere_ends_the_session,
    instances_that_start_at_once_on_an_empty_server_all_serve,
];
on_both_engines![
    sessions_outlive_the_service,
    tokens_of_a_session_share_it_after_a_restart,
    many_sessions_with_gaps_between_their_numbers_outlive_the_service,
    changes_by_another_process_are_applied,
    the_use_of_a_token_outlives_the_service,
    the_last_use_of_a_session_outlives_the_service,
    all_sessions_end_at_once_and_for_good,
    an_unreadable_user_is_not_loaded_and_other_users_are,
];

async fn sessions_outlive_the_service(engine: Engine) {
    let database = TestDatabase::of(engine);
    let first = database.start().await;
    first.add_user("alice", &["logs:read"]).await;
    let [kept, ended] = [log_in(&first, "alice").await, log_in(&first, "alice").await];
    assert!(log_out(&first, &ended).await);
    let renewed = refresh(&first, &kept).await.unwrap();
    drop(first);

    let second = database.start().await;
    assert!(is_valid(&second, &kept).await && is_valid(&second, &renewed).await);
    assert!(!is_valid(&second, &ended).await);
    assert_eq!(second.counts().await, (2, 1));
    let again = refresh(&second, &kept).await.unwrap();
    assert_eq!(again.refresh_token.expose(), renewed.refresh_token.expose());
}

async fn tokens_of_a_session_share_it_after_a_restart(engine: Engine) {
    let database = TestDatabase::of(engine);
    let first = database.start().await;
    first.add_user("alice", &[]).await;
    let old = log_in(&first, "alice").await;
    let new = refresh(&first, &old).await.unwrap();
    drop(first);
    let second = database.start().await;
    second.store.close().await;
    // It cannot be written, so it is memory alone that knows.
    assert!(!log_out(&second, &new).await);
    assert!(!is_valid(&second, &old).await && !is_valid(&second, &new).await);
}

async fn many_sessions_with_gaps_between_their_numbers_outlive_the_service(engine: Engine) {
    let database = TestDatabase::of(engine);
    let first = database.start().await;
    let mut kept = Vec::new();
    for (name, count) in [("alice", 250), ("bob", 450), ("carol", 101)] {
        first.add_user(name, &[]).await;
        kept.push(log_in(&first, name).await);
        let ttl = Duration::from_secs(60);
        let minting = Minting { user: name.parse().unwrap(), count, ttl };
        let command = database.command(&first).await;
        command.administration.mint_sessions(&minting, |_| Ok(())).await.unwrap();
    }
    let renewed = refresh(&first, &kept[2]).await.unwrap();
    let [alice, _, carol] = [kept.remove(0), kept.remove(0), kept.remove(0)];
    database.open().await.end_all_of("bob".parse().unwrap()).await.unwrap();
    first.upkeep.sweep().await.unwrap();
    drop(first);
    let second = database.start().await;
    assert_eq!(second.counts().await, (250 + 101 + 3, 250 + 101 + 2));
    assert!(is_valid(&second, &alice).await && is_valid(&second, &renewed).await);
    assert!(log_out(&second, &renewed).await);
    catch_up(&second).await;
    assert_eq!(second.counts().await, (250 + 101 + 1, 250 + 101 + 1));
    assert!(is_valid(&second, &alice).await && !is_valid(&second, &carol).await);
}

async fn changes_by_another_process_are_applied(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let other = database.start().await;
    let logged_in = log_in(&other, "alice").await;
    until("a log-in", async || is_valid(&service, &logged_in).await).await;
    let renewed = refresh(&other, &logged_in).await.unwrap();
    until("a refresh", async || is_valid(&service, &renewed).await).await;
    assert!(log_out(&other, &renewed).await);
    until("a log-out", async || !is_valid(&service, &logged_in).await).await;
    assert!(!is_valid(&service, &renewed).await);

    let logged_in = log_in(&service, "alice").await;
    database.open().await.end_all_of("alice".parse().unwrap()).await.unwrap();
    until("an end of all", async || !is_valid(&service, &logged_in).await).await;
    assert!(is_valid(&service, &log_in(&service, "alice").await).await);
}

async fn the_use_of_a_token_outlives_the_service(engine: Engine) {
    let database = TestDatabase::of(engine);
    let first = database.start().await;
    first.add_user("alice", &[]).await;
    let logged_in = log_in(&first, "alice").await;
    first.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&first, &logged_in).await.unwrap();
    assert!(is_valid(&first, &renewed).await);
    first.store.write_first_uses().await.unwrap();
    drop(first);

    let second = database.start().await;
    second.clock.advance(Duration::from_secs(11));
    let reused = refresh(&second, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Reused(_))), "{reused:?}");
}

async fn the_last_use_of_a_session_outlives_the_service(engine: Engine) {
    let database = TestDatabase::of(engine);
    let first = database.start().await;
    first.add_user("alice", &[]).await;
    let logged_in = log_in(&first, "alice").await;
    first.clock.advance(Duration::from_secs(90));
    assert!(is_valid(&first, &logged_in).await);
    let used = first.authority.principal(&bearer(logged_in.token.expose())).await.unwrap();
    first.upkeep.finish().await;
    first.store.close().await;
    let second = database.start().await;
    let principal = second.authority.principal(&bearer(logged_in.token.expose())).await.unwrap();
    assert_eq!(principal.session.last_seen(), used.session.last_seen());
}

async fn all_sessions_end_at_once_and_for_good(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    let mut ended = Vec::new();
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
        ended.push(log_in(&service, name).await);
    }
    let command = database.command(&service).await;
    command.administration.end_all_sessions(Actor::Shell).await.unwrap();
    until("the end of all", async || !any_valid(&service, &ended).await).await;
    let alice = log_in(&service, "alice").await;
    let check = async |service: &TestService| {
        assert!(!any_valid(service, &ended).await);
        for token in &ended {
            let refreshed = refresh(service, token).await;
            assert!(matches!(refreshed, Err(RefreshError::InvalidToken)), "{refreshed:?}");
        }
        assert!(is_valid(service, &alice).await);
    };
    check(&service).await;
    drop(service);
    let service = database.start().await;
    check(&service).await;
    service.upkeep.sweep().await.unwrap();
    catch_up(&service).await;
    assert_eq!(service.counts().await, (1, 1));
    check(&service).await;
}
async fn an_unreadable_user_is_not_loaded_and_other_users_are(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    service.add_user("mallory", &["a:b"]).await;
    let [alice, mallory] = [log_in(&service, "alice").await, log_in(&service, "mallory").await];
    service.store.execute("UPDATE user_permissions SET permission = 'nonsense'").await;
    drop(service);
    let again = database.start().await;
    assert!(is_valid(&again, &alice).await && !is_valid(&again, &mallory).await);
}

/// The instance that is asked to log out has not heard of the log-in yet.
async fn a_log_out_right_after_a_log_in_elsewhere_ends_the_session() {
    let database = TestDatabase::of(Engine::Postgres);
    let [here, elsewhere] = [database.start().await, database.start().await];
    here.add_user("alice", &[]).await;
    let logged_in = log_in(&elsewhere, "alice").await;
    assert!(log_out(&here, &logged_in).await);
    assert_eq!(here.store.number("SELECT count(*) FROM sessions").await, 0);
}

async fn instances_that_start_at_once_on_an_empty_server_all_serve() {
    let database = TestDatabase::of(Engine::Postgres);
    let services = futures_util::future::join_all((0..6).map(|_| database.start())).await;
    services[0].add_user("alice", &[]).await;
    let logged_in = log_in(&services[0], "alice").await;
    for service in &services {
        assert!(is_valid(service, &logged_in).await);
    }
    let keys = services[0].store.number("SELECT count(*) FROM signing_keys").await;
    assert_eq!(keys, 1, "one instance made the first key");
}
