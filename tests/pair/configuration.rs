//! Wrong configuration, and configuration that only looks wrong.

use crate::harness::{Ended, run_gateway, run_sso};

/// One line per fault, each of which begins with the variable; nothing on standard output.
#[track_caller]
fn check_faults(ended: &Ended, variables: &[&str]) {
    assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
    let mut named: Vec<_> =
        ended.stderr.lines().filter_map(|line| line.split(':').next()).collect();
    named.sort_unstable();
    let mut expected = variables.to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected, "{}", ended.stderr);
}

fn check_sso(variables: &[(&str, &str)], faulty: &[&str]) {
    check_faults(&run_sso(&["check-config"], variables, ""), faulty);
    check_faults(&run_sso(&[], variables, ""), faulty);
}

fn check_gateway(variables: &[(&str, &str)], faulty: &[&str]) {
    check_faults(&run_gateway(&["check-config"], variables), faulty);
    check_faults(&run_gateway(&[], variables), faulty);
}

#[test]
fn both_services_start_without_configuration() {
    for ended in [run_sso(&["check-config"], &[], ""), run_gateway(&["check-config"], &[])] {
        assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
    }
}

#[test]
fn every_fault_is_a_line_that_names_its_variable() {
    let sso = [
        ("SSO_LISTEN", "localhost"),
        ("SSO_TOKEN_TTL", "30"),
        ("SSO_DATABASE_URL", "mysql://db"),
        ("SSO_MAX_SESSIONS", "0"),
        ("SSO_PASSWORD_MIN_LENGTH", "many"),
        ("SSO_LOGIN_FAILURES_PER_IP", "few"),
        ("SSO_LOGIN_FAILURES_PER_USER", "-1"),
        ("SSO_TRUSTED_PROXIES", "everyone"),
        ("SSO_LOG_LEVEL", "loud"),
        ("SSO_PUBLIC_URL", "ftp://sso"),
        ("SSO_COOKIE_DOMAIN", "127.0.0.1"),
        ("SSO_ALLOWED_ORIGINS", "*"),
        ("SSO_RETURN_HOSTS", "*"),
        ("SSO_JWT_AUDIENCES", "two words"),
        ("SSO_SECRET_KEY", "short"),
    ];
    check_sso(&sso, &sso.map(|(name, _)| name));
    let gateway = [
        ("GATEWAY_LISTEN", "8000"),
        ("GATEWAY_SSO_URL", "sso:8001"),
        ("GATEWAY_SSO_TIMEOUT", "0s"),
        ("GATEWAY_SOURCE", "tape"),
        ("GATEWAY_LOGS_ROOTS", "relative/path"),
        ("GATEWAY_WORKERS", "-1"),
        ("GATEWAY_LOG_FORMAT", "xml"),
    ];
    check_gateway(&gateway, &gateway.map(|(name, _)| name));
}

#[test]
fn an_unknown_variable_is_refused() {
    check_sso(&[("SSO_TOKEN_TLL", "30m")], &["SSO_TOKEN_TLL"]);
    check_gateway(&[("GATEWAY_LOG_DIR", "/var/log/pods")], &["GATEWAY_LOG_DIR"]);
}

#[test]
fn variables_that_kubernetes_injects_are_ignored() {
    for prefix in ["SSO", "GATEWAY", "SSO_SERVICE", "GATEWAY_LOGS"] {
        let names = [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "PORT",
            "PORT_8001_TCP",
            "PORT_8001_TCP_PROTO",
            "PORT_8001_TCP_PORT",
            "PORT_8001_TCP_ADDR",
        ];
        let names = names.map(|name| format!("{prefix}_{name}"));
        let variables: Vec<_> =
            names.iter().map(|name| (name.as_str(), "tcp://10.0.0.1:80")).collect();
        for ended in
            [run_sso(&["check-config"], &variables, ""), run_gateway(&["check-config"], &variables)]
        {
            assert_eq!(ended.code, 0, "{ended:?}");
        }
    }
}

#[test]
fn a_variable_of_another_program_is_ignored() {
    let variables = [("SSOX", "1"), ("GATEWAYS", "1"), ("RUST_LOG", "loud"), ("LANG", "C")];
    assert_eq!(run_sso(&["check-config"], &variables, "").code, 0);
    assert_eq!(run_gateway(&["check-config"], &variables).code, 0);
}

#[test]
fn a_password_that_is_refused_is_not_shown() {
    let password = "letmein-s3cret";
    let variables = [("SSO_ADMIN_USERNAME", "root"), ("SSO_ADMIN_PASSWORD", password)];
    let ended = run_sso(&[], &variables, "");
    check_faults(&ended, &["SSO_ADMIN_PASSWORD"]);
    assert!(!ended.stderr.contains(password), "{ended:?}");
    check_sso(&[("SSO_ADMIN_USERNAME", "root")], &["SSO_ADMIN_PASSWORD"]);
    check_sso(&[("SSO_ADMIN_PASSWORD", "correct horse battery staple")], &["SSO_ADMIN_USERNAME"]);
}

#[test]
fn a_secret_comes_from_one_place() {
    let directory = crate::harness::scratch();
    let file = directory.path().join("url");
    std::fs::write(&file, "http://127.0.0.1:1\n").unwrap();
    let file = file.to_str().unwrap();
    let from_file = [("GATEWAY_SSO_URL_FILE", file)];
    assert_eq!(run_gateway(&["check-config"], &from_file).code, 0);
    let from_both = [("GATEWAY_SSO_URL_FILE", file), ("GATEWAY_SSO_URL", "http://127.0.0.1:2")];
    check_gateway(&from_both, &["GATEWAY_SSO_URL"]);
    check_gateway(&[("GATEWAY_SSO_URL_FILE", "/nowhere/at/all")], &["GATEWAY_SSO_URL_FILE"]);
}

#[test]
fn an_audit_file_that_cannot_be_written_is_a_fault_of_the_configuration() {
    let variables = [
        ("SSO_LISTEN", "127.0.0.1:0"),
        ("SSO_OPS_LISTEN", "127.0.0.1:0"),
        ("SSO_DATABASE_URL", "sqlite::memory:"),
        ("SSO_AUDIT_FILE", "/nowhere/at/all"),
    ];
    let ended = run_sso(&[], &variables, "");
    check_faults(&ended, &["SSO_AUDIT_FILE"]);
    assert!(ended.stderr.contains("/nowhere/at/all"), "{ended:?}");
}

#[test]
fn a_missing_log_directory_is_a_fault_of_the_configuration() {
    let variables = [
        ("GATEWAY_LISTEN", "127.0.0.1:0"),
        ("GATEWAY_OPS_LISTEN", "127.0.0.1:0"),
        ("GATEWAY_LOGS_DIR", "/nowhere/at/all"),
    ];
    let [started, checked] =
        [&[][..], &["check-config"]].map(|command| run_gateway(command, &variables));
    for ended in [&started, &checked] {
        assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
        let fault = "GATEWAY_LOGS_DIR or GATEWAY_LOGS_ROOTS: cannot open /nowhere/at/all: ";
        assert!(ended.stderr.lines().any(|line| line.starts_with(fault)), "{ended:?}");
    }
}
