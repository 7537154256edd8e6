//! The database file, as operators handle it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::harness::{ADMIN, Ended, Pair, patience, plain_client, run_sso, scratch, until};

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Tries to serve the database at this path.
fn serve(path: &Path) -> Ended {
    let variables = [
        ("SSO_LISTEN", "127.0.0.1:0"),
        ("SSO_OPS_LISTEN", "127.0.0.1:0"),
        ("SSO_DATABASE_URL", &url(path)),
    ];
    run_sso(&[], &variables, "")
}

/// Runs a command on the database at this path.
fn administer(path: &Path, arguments: &[&str], stdin: &str) -> Ended {
    run_sso(&[&["admin"], arguments].concat(), &[("SSO_DATABASE_URL", &url(path))], stdin)
}

/// One line on standard error, which names the variable and holds this text.
#[track_caller]
fn check_refused(ended: &Ended, text: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.starts_with("SSO_DATABASE_URL: "), "{ended:?}");
    assert!(ended.stderr.contains(text), "{text}: {ended:?}");
}

/// The database of the pair, then a symbolic and a hard link to it.
fn paths_of(pair: &Pair) -> [PathBuf; 3] {
    let paths = ["sso.db", "soft.db", "hard.db"].map(|name| pair.beside_logs(name));
    symlink(&paths[0], &paths[1]).unwrap();
    fs::hard_link(&paths[0], &paths[2]).unwrap();
    paths
}

#[tokio::test]
async fn a_second_instance_is_refused_by_any_path() {
    let pair = Pair::start();
    let process = format!("process {} on host ", pair.sso.id());
    let address = format!("listening on {}", pair.sso.listening());
    for path in paths_of(&pair) {
        let refused = serve(&path);
        check_refused(&refused, &process);
        check_refused(&refused, &address);
    }
    assert_eq!(pair.admin().await.validate().await.status, 200);
}

#[tokio::test]
async fn a_command_uses_the_path_of_the_running_instance() {
    let pair = Pair::start();
    let [path, soft, hard] = paths_of(&pair);
    for path in [path, soft] {
        assert_eq!(administer(&path, &["user", "list"], "").code, 0);
    }
    for arguments in [&["user", "list"][..], &["user", "create", "ada", "--password-file", "-"]] {
        let refused = administer(&hard, arguments, "a password of ada's");
        check_refused(&refused, &format!("listening on {}", pair.sso.listening()));
    }
}

#[test]
fn a_command_in_the_wrong_directory_creates_no_database() {
    let directory = scratch();
    let path = directory.path().join("sso.db");
    for arguments in [
        &["user", "list"][..],
        &["user", "disable", "ada"],
        &["role", "set", "ops"],
        &["key", "create", "ci"],
        &["sessions", "end", "--all"],
        &["sessions", "mint", "--user", "ada", "--count", "1", "--ttl", "1m"],
    ] {
        check_refused(&administer(&path, arguments, ""), &path.display().to_string());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let create = ["user", "create", "ada", "--password-file", "-"];
    assert_eq!(administer(&path, &create, "a password of ada's").code, 0);
    assert_eq!(administer(&path, &["user", "list"], "").stdout.lines().count(), 2);
}

#[test]
fn a_relative_path_is_named_in_full() {
    let refused = run_sso(&["admin", "user", "list"], &[], "");
    check_refused(&refused, "/sso.db");
}

async fn is_ready(pair: &Pair) -> bool {
    let url = format!("http://{}/readyz", pair.sso.ops());
    plain_client().get(url).send().await.unwrap().status() == 200
}

#[tokio::test]
async fn a_database_that_is_deleted_acknowledges_nothing_more() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    assert!(is_ready(&pair).await);
    fs::remove_file(pair.beside_logs("sso.db")).unwrap();
    let log_in = pair.anonymous().log_in(ADMIN.0, ADMIN.1).await;
    log_in.check_problem_is(503, "store_unavailable");
    assert!(!is_ready(&pair).await);
    assert_eq!(admin.validate().await.status, 200);
}

#[tokio::test]
async fn a_deleted_database_is_detected_without_a_request() {
    let pair = Pair::start();
    fs::remove_file(pair.beside_logs("sso.db-wal")).unwrap();
    until("not ready", patience(), async || (!is_ready(&pair).await).then_some(())).await;
}

#[test]
fn an_unusable_database_path_is_a_fault_of_the_configuration() {
    let directory = scratch();
    fs::write(directory.path().join("file"), "").unwrap();
    for (path, named) in [("missing/sso.db", "missing"), ("file/sso.db", "file"), ("", "")] {
        let path = directory.path().join(path);
        let named = directory.path().join(named);
        let checked = run_sso(&["check-config"], &[("SSO_DATABASE_URL", &url(&path))], "");
        for refused in [checked, serve(&path)] {
            check_refused(&refused, named.to_str().unwrap());
        }
    }
}
