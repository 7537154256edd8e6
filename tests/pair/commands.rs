//! The commands of the binaries besides serving.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Pair, Setup, dead_address, run_gateway, run_sso};

#[tokio::test]
async fn a_health_check_asks_the_running_service() {
    let mut pair = Pair::start();
    let (sso, gateway) = (pair.sso.ops().to_string(), pair.gateway.ops().to_string());
    let check = || {
        [
            run_sso(&["healthcheck"], &[("SSO_OPS_LISTEN", &sso)], ""),
            run_gateway(&["healthcheck"], &[("GATEWAY_OPS_LISTEN", &gateway)]),
        ]
    };
    for ended in check() {
        assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
    }
    pair.sso.stop();
    pair.gateway.stop();
    for ended in check() {
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(!ended.stderr.is_empty());
    }
}

#[tokio::test]
async fn a_health_check_without_an_answer_ends() {
    let pair = Pair::start();
    pair.gateway.pause().await;
    let paused = pair.gateway.ops().to_string();
    let dead = dead_address().to_string();
    for address in [paused.as_str(), &dead, "127.0.0.1:0"] {
        let ended = run_gateway(&["healthcheck"], &[("GATEWAY_OPS_LISTEN", address)]);
        assert_eq!(ended.code, 1, "{address}: {ended:?}");
    }
    pair.gateway.resume();
}

#[tokio::test]
async fn a_binary_prints_its_version_and_its_help() {
    let version = env!("CARGO_PKG_VERSION");
    let both = |argument| {
        [
            ("sso-service", run_sso(&[argument], &[], "")),
            ("logs-gateway", run_gateway(&[argument], &[])),
        ]
    };
    for (name, ended) in both("--version") {
        assert_eq!((ended.code, ended.stdout), (0, format!("{name} {version}\n")));
    }
    for (name, ended) in both("--help") {
        assert_eq!(ended.code, 0);
        for word in ["healthcheck", "check-config", "--version"] {
            assert!(ended.stdout.contains(word), "{name}: {word}: {}", ended.stdout);
        }
    }
    for (name, ended) in both("--no-such-option") {
        assert_ne!(ended.code, 0, "{name}");
        assert_eq!(ended.stdout, "", "{name}");
    }
}

#[tokio::test]
async fn the_database_is_private_to_its_owner() {
    let pair = Pair::start();
    let metadata = std::fs::metadata(pair.beside_logs("sso.db")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_first_administrator_is_created_once() {
    let mut pair = Pair::start();
    let log = pair.sso.stop_and_read_log();
    assert!(log.contains("created the first administrator"), "{log}");
    let database = pair.database_url();
    let listed = run_sso(&["admin", "user", "list"], &[("SSO_DATABASE_URL", &database)], "");
    assert_eq!(listed.stdout.lines().count(), 2, "a head and one user: {}", listed.stdout);
}

#[tokio::test]
async fn an_existing_user_is_never_made_the_first_administrator() {
    let directory = crate::harness::scratch();
    let database = format!("sqlite://{}/sso.db", directory.path().display());
    let password = "the password of a user";
    let create = ["admin", "user", "create", "root", "--password-file", "-"];
    let created = run_sso(&create, &[("SSO_DATABASE_URL", &database)], password);
    assert_eq!(created.code, 0, "{created:?}");
    let variables = [
        ("SSO_LISTEN", "127.0.0.1:0"),
        ("SSO_OPS_LISTEN", "127.0.0.1:0"),
        ("SSO_DATABASE_URL", database.as_str()),
        ("SSO_ADMIN_USERNAME", "Root"),
        ("SSO_ADMIN_PASSWORD", password),
    ];
    let ended = run_sso(&[], &variables, "");
    assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
    assert!(ended.stderr.contains("SSO_ADMIN_USERNAME"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(password), "{}", ended.stderr);
}

#[tokio::test]
async fn without_an_administrator_the_service_starts_and_names_the_command() {
    let mut pair = Setup::new().sso("SSO_ADMIN_USERNAME", "").sso("SSO_ADMIN_PASSWORD", "").start();
    let root = pair.anonymous().log_in("root", "some password or other").await;
    root.check_problem_is(401, "invalid_credentials");
    let log = pair.sso.stop_and_read_log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("sso-service admin user create"), "{log}");
}

#[tokio::test]
async fn the_password_of_the_first_administrator_may_be_in_a_file() {
    let directory = crate::harness::scratch();
    let file = directory.path().join("password");
    std::fs::write(&file, format!("{}\n", crate::harness::ADMIN.1)).unwrap();
    let setup = Setup::new().sso("SSO_ADMIN_PASSWORD", "");
    let pair = setup.sso("SSO_ADMIN_PASSWORD_FILE", &file.to_string_lossy()).start();
    assert_eq!(pair.admin().await.validate().await.status, 200);
}
