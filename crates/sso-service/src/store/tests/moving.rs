//! Moving a file to a server.

use super::*;
use crate::store::{InstanceLock, Location, MigrationError, MovedTable, OpenError, move_database};

on_postgres![
    everything_is_there_after_a_move,
    a_served_file_is_not_moved,
    a_server_with_users_or_instances_is_refused,
    revocations_of_the_journal_are_in_force_after_a_move,
    an_interrupted_move_begins_anew,
];

/// A file, and an empty server.
fn databases() -> (TestDatabase, TestDatabase) {
    (TestDatabase::of(Engine::Sqlite), TestDatabase::of(Engine::Postgres))
}

async fn move_to(
    from: &TestDatabase,
    to: &TestDatabase,
) -> Result<Vec<MovedTable>, MigrationError> {
    move_database(&from.location, &to.location).await.map(Option::unwrap)
}

async fn stop(service: TestService) {
    service.upkeep.finish().await;
    service.store.close().await;
}

async fn everything_is_there_after_a_move() {
    let (file, server) = databases();
    let service = file.start().await;
    service.add_user("alice", &["logs:read"]).await;
    service.add_user("bob", &[]).await;
    let admin = service.add_admin("root").await;
    let key = service.add_key("deploy", "deploy:write").await;
    let [kept, ended] = [log_in(&service, "alice").await, log_in(&service, "alice").await];
    let renewed = refresh(&service, &kept).await.unwrap();
    assert!(log_out(&service, &ended).await);
    let all_ended = log_in(&service, "bob").await;
    service.store.end_all_of("bob".parse().unwrap()).await.unwrap();
    let odd = r"UPDATE sessions
            SET user_agent = 'a\b' || char(9, 10, 13, 8, 11, 12, 233, 127) || '\N';
        INSERT INTO grants SELECT id, number, 'a:b', 9, '', 'root', 8 FROM users;
        INSERT INTO past_tokens SELECT hash, session FROM session_tokens;
        INSERT INTO audit (event, administrative) VALUES ('{}', FALSE), ('[1]', TRUE)";
    service.store.execute(odd).await;
    let held_by_client = r"
        INSERT INTO clients VALUES ('c', 'App', x'00', 'https://a.example/', '', NULL, '', NULL, 'root', 8);
        INSERT INTO authorization_requests VALUES (x'01', 'c', '192.0.2.1', '{}', 8, 9);
        INSERT INTO client_authorizations SELECT 7, 'c', min(number), x'02', 'x', 'https://a.example/',
            'openid', NULL, 9, TRUE, 10, NULL FROM sessions;
        INSERT INTO client_tokens VALUES (x'03', 7, FALSE, 8, 9, NULL, NULL);
        INSERT INTO device_requests
            VALUES (x'04', 'BCDFGHJK', '192.0.2.0/24', '192.0.2.1', 8, 9, NULL, FALSE);
        INSERT INTO client_sessions SELECT min(number), 'c', min(user_number) FROM sessions;
        INSERT INTO logout_notices VALUES (9, 'c', 'u', x'05', 1, 8, 9)";
    service.store.execute(held_by_client).await;
    let mail = r"
        INSERT INTO past_usernames VALUES ('gone');
        INSERT INTO upstream_identities SELECT 'https://a.example', username, number FROM users
            WHERE username = 'bob';
        INSERT INTO upstream_log_ins VALUES (x'05', x'06', '192.0.2.1', NULL, TRUE, 8, 9);
        INSERT INTO outbox SELECT number, 'verification', 8, 7, 1, NULL, 0, 7 FROM users;
        INSERT INTO password_resets SELECT number, CAST(username AS BLOB), 9 FROM users;
        INSERT INTO email_verifications SELECT number, x'04', 9, 1, 2, 8 FROM users";
    service.store.execute(mail).await;
    let sessions = service.store.number("SELECT sessions FROM session_count").await;
    let last = service.store.number("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'");
    let last = last.await;
    stop(service).await;

    let moved = move_to(&file, &server).await.unwrap();
    assert!(moved.iter().all(|table| table.rows > 0), "{moved:?}");

    let service = server.start().await;
    assert!(is_valid(&service, &kept).await && is_valid(&service, &renewed).await);
    assert!(!any_valid(&service, &[ended, all_ended]).await);
    assert_eq!(service.validate(&admin).await.status, 200);
    assert_eq!(service.validate(&key).await.status, 200);
    let again = refresh(&service, &kept).await.unwrap();
    assert_eq!(again.refresh_token.expose(), renewed.refresh_token.expose());
    assert_eq!(service.store.number("SELECT sessions FROM session_count").await, sessions);
    assert_eq!(service.store.number("SELECT count(*) FROM changes").await, 1);
    let enabled = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'";
    assert_eq!(service.store.number(enabled).await, 0);
    begin(&service, "bob").await.unwrap();
    let next = service.store.number("SELECT max(number) FROM sessions").await;
    assert!(next > last, "{next}");
    assert_eq!(service.store.number("SELECT sessions FROM session_count").await, sessions + 1);

    let again = move_to(&file, &server).await.unwrap_err();
    assert!(matches!(again, MigrationError::Done(_)), "{again}");
    assert!(again.is_about_configuration());
    let elsewhere = TestDatabase::of(Engine::Postgres);
    let elsewhere = move_to(&file, &elsewhere).await.unwrap_err();
    assert!(matches!(elsewhere, MigrationError::Elsewhere(_)), "{elsewhere}");
    let served = Store::open_for_command(&file.location).await.unwrap_err();
    assert!(matches!(served, OpenError::Moved(_)), "{served}");
    assert!(served.is_about_configuration());
}

async fn a_served_file_is_not_moved() {
    let (file, server) = databases();
    let service = file.start().await;
    service.add_user("alice", &[]).await;
    let lock = InstanceLock::take(&file.location).unwrap();
    let refused = move_to(&file, &server).await.unwrap_err();
    assert!(refused.to_string().contains("another instance runs on"), "{refused}");
    assert!(refused.is_about_configuration());
    stop(service).await;
    drop(lock);
    move_to(&file, &server).await.unwrap();
}

async fn a_server_with_users_or_instances_is_refused() {
    let (file, server) = databases();
    let service = file.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    stop(service).await;
    let other = server.start().await;
    let refused = move_to(&file, &server).await.unwrap_err();
    assert!(matches!(refused, MigrationError::Served), "{refused}");
    other.add_user("alice", &[]).await;
    stop(other).await;
    let refused = move_to(&file, &server).await.unwrap_err();
    assert!(matches!(refused, MigrationError::NotEmpty), "{refused}");
    assert!(refused.is_about_configuration());
    // The file is as it was.
    assert!(is_valid(&file.start().await, &logged_in).await);
}

async fn revocations_of_the_journal_are_in_force_after_a_move() {
    let (file, server) = databases();
    let service = file.start().await;
    service.add_user("alice", &[]).await;
    let [kept, ended] = [log_in(&service, "alice").await, log_in(&service, "alice").await];
    let refuse = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
        BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    service.store.execute(refuse).await;
    assert!(!log_out(&service, &ended).await);
    stop(service).await;
    let refused = move_to(&file, &server).await.unwrap_err();
    assert!(matches!(refused, MigrationError::Revocations(_)), "{refused}");
    let command = file.open().await;
    command.execute("DROP TRIGGER stuck").await;
    command.close().await;

    move_to(&file, &server).await.unwrap();
    let service = server.start().await;
    assert!(is_valid(&service, &kept).await && !is_valid(&service, &ended).await);
    assert_eq!(service.store.number("SELECT count(*) FROM sessions").await, 1);
}

/// The file is marked before the server commits. A process that ends in between leaves a server
/// without users.
async fn an_interrupted_move_begins_anew() {
    let (file, server) = databases();
    let service = file.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    stop(service).await;
    mark(&file, &server.location).await;
    move_to(&file, &server).await.unwrap();
    assert!(is_valid(&server.start().await, &logged_in).await);
}

async fn mark(file: &TestDatabase, target: &Location) {
    let Location::Postgres(target) = target else { panic!("{target:?}") };
    let mark = format!("INSERT INTO moved (target) VALUES ('{target}')");
    let command = file.open().await;
    command.execute(Box::leak(mark.into_boxed_str())).await;
    command.close().await;
}
