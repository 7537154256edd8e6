//! sso-service on PostgreSQL: which servers it accepts, and how it connects.

use std::fs;

use libtest_mimic::Trial;

use super::named;
use crate::{
    databases::{Database, PASSWORD, Postgres},
    harness::{Ended, PrivateCa, patience, run_sso, scratch, until},
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "sso_service",
        Postgres::installed(),
        [
            every_command_works_with_the_url_in_a_file,
            database_is_moved_to_a_server_once,
            server_that_loses_writes_is_refused,
            standby_is_refused,
            tables_of_a_later_version_are_refused,
            certificate_of_another_authority_is_refused,
        ],
    )
}

/// Starts the service, which ends at once, or runs a command.
fn run(arguments: &[&str], url: &str) -> Ended {
    let listen = [("SSO_LISTEN", "127.0.0.1:0"), ("SSO_OPS_LISTEN", "127.0.0.1:0")];
    let ended = run_sso(arguments, &[&[("SSO_DATABASE_URL", url)], &listen[..]].concat(), "");
    assert!(!ended.stderr.contains(PASSWORD), "{}", ended.stderr);
    ended
}

/// Checks that neither the service nor a command accepts the server.
fn check_refused(database: &Database, code: i32, fault: &str) {
    for arguments in [&[][..], &["admin", "user", "list"]] {
        let ended = run(arguments, &database.url());
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(fault), "{}", ended.stderr);
    }
}

async fn every_command_works_with_the_url_in_a_file() {
    let database = Postgres::shared().await.database().await;
    let directory = scratch();
    let [url, password] = ["url", "password"].map(|name| directory.path().join(name));
    fs::write(&url, database.url()).unwrap();
    fs::write(&password, "correct horse battery staple").unwrap();
    let (url, password) = (url.to_str().unwrap(), password.to_str().unwrap());
    let create = ["admin", "user", "create", "ada", "--role", "admin", "--password-file", password];
    for arguments in [
        &["check-config"][..],
        &create,
        &["admin", "user", "create", "bob", "--password-file", password],
        &["admin", "user", "list"],
        &["admin", "user", "disable", "bob"],
        &["admin", "user", "enable", "bob"],
        &["admin", "user", "reset-password", "bob", "--password-file", password],
        &["admin", "role", "set", "ops", "--permission", "logs:read"],
        &["admin", "role", "list"],
        &["admin", "key", "create", "ci", "--permission", "logs:read"],
        &["admin", "key", "list"],
        &["admin", "key", "delete", "ci"],
        &["admin", "sessions", "mint", "--user", "ada", "--count", "3", "--ttl", "1h"],
        &["admin", "sessions", "list"],
        &["admin", "sessions", "end", "--all"],
        &["admin", "signing-keys", "delete"],
        &["admin", "clock", "reset"],
        &["admin", "user", "delete", "bob"],
    ] {
        let ended = run_sso(arguments, &[("SSO_DATABASE_URL_FILE", url)], "");
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
    }
    let sessions = "SELECT count(*) FROM live_sessions";
    assert_eq!(database.sql(sessions).await.unwrap(), "0");
}

async fn database_is_moved_to_a_server_once() {
    let database = Postgres::shared().await.database().await;
    let directory = scratch();
    let [file, password] = ["sso.db", "password"].map(|name| directory.path().join(name));
    fs::write(&password, "correct horse battery staple").unwrap();
    let from = format!("sqlite://{}", file.display());
    let password = ["--password-file", password.to_str().unwrap()];
    let create = [&["admin", "user", "create", "ada", "--role", "admin"][..], &password].concat();
    assert_eq!(run(&create, &from).code, 0);
    let mint = ["admin", "sessions", "mint", "--user", "ada", "--count", "2500", "--ttl", "1h"];
    assert_eq!(run(&mint, &from).code, 0);

    let (url, none) = (database.url(), "sqlite::memory:");
    let migrate = ["migrate", "--from", &from, "--to", &url];
    let moved = run(&migrate, none);
    assert_eq!(moved.code, 0, "{}", moved.stderr);
    let sessions = moved.stdout.lines().find(|line| line.starts_with("sessions ")).unwrap();
    assert_eq!(sessions.split_whitespace().nth(1), Some("2500"), "{}", moved.stdout);
    assert_eq!(database.sql("SELECT sessions FROM session_count").await.unwrap(), "2500");
    let statistics = "SELECT count(*) FROM pg_stats WHERE tablename = 'session_tokens'
                      AND attname = 'hash' AND n_distinct = -1";
    assert_eq!(database.sql(statistics).await.unwrap(), "1");
    for (arguments, url) in [(&migrate[..], none), (&[][..], &from), (&create[..], &from)] {
        let ended = run(arguments, url);
        assert_eq!(ended.code, 64, "{}", ended.stderr);
        assert!(ended.stderr.contains("was moved to postgres://127."), "{}", ended.stderr);
    }
    let wrong = run(&["migrate", "--from", &url, "--to", &from], none);
    assert_eq!(wrong.code, 64, "{}", wrong.stderr);
}

async fn server_that_loses_writes_is_refused() {
    let cluster = Postgres::start().await;
    let database = cluster.database().await;
    let name = database.sql("SELECT current_database()").await.unwrap();
    database.sql(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await.unwrap();
    check_refused(&database, 64, "synchronous_commit = off");
    database.sql(&format!("ALTER DATABASE {name} RESET synchronous_commit")).await.unwrap();
    cluster.sql("ALTER SYSTEM SET fsync = off").await;
    cluster.sql("SELECT pg_reload_conf()").await;
    let is_off = async || (cluster.sql("SHOW fsync").await == "off").then_some(());
    until("the setting is read", patience(), is_off).await;
    check_refused(&database, 64, "fsync = off");
}

async fn standby_is_refused() {
    let cluster = Postgres::start().await;
    let database = cluster.database().await;
    let standby = cluster.standby().await;
    check_refused(&database.at(standby.address()), 1, "is a standby");
}

async fn tables_of_a_later_version_are_refused() {
    let database = Postgres::shared().await.database().await;
    assert_eq!(run(&["admin", "user", "list"], &database.url()).code, 0);
    let later = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time)
        VALUES (9999, 'later', true, '', 0)";
    database.sql(later).await.unwrap();
    check_refused(&database, 1, "cannot migrate the database");
}

async fn certificate_of_another_authority_is_refused() {
    let [ca, other] = [PrivateCa::new(), PrivateCa::new()];
    let cluster = Postgres::start_over_tls(&ca).await;
    let database = cluster.database().await;
    let accepted = run(&["admin", "user", "list"], &database.url());
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    check_refused(&database.trusting(&other), 1, "certificate");
}
