//! The kubectl plugin: from a password to a token for kubectl, and to the end of the session.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    thread,
};

use reqwest::Method;

use crate::harness::{
    ADMIN, Ask, Ended, KubectlUser, Pair, PrivateCa, Setup, cri, plain_client, run_kubectl_sso,
};

fn logged_in(pair: &Pair) -> KubectlUser {
    let user = pair.kubectl_user();
    let ended = user.login(ADMIN.0, ADMIN.1, &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    user
}

/// Fails with one line that contains this.
#[track_caller]
fn check_failed(ended: &Ended, said: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
    assert!(ended.stderr.contains(said), "no {said:?} in {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

async fn renewals(pair: &Pair) -> String {
    let url = format!("http://{}/metrics", pair.sso.ops());
    let text = plain_client().get(url).send().await.unwrap().text().await.unwrap();
    let name = r#"refreshes_total{outcome="renewed"} "#;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).to_owned()
}

#[tokio::test]
async fn a_log_in_provides_a_token_that_reads_logs() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let user = pair.kubectl_user();
    let said = user.login(ADMIN.0, ADMIN.1, &[]).stdout;
    assert!(said.starts_with(&format!("Logged in at {} as root", user.sso())), "{said}");
    let token = user.token();
    assert_eq!(pair.anonymous().with_token(&token).logs("web").await.log(), "hello\n");
    assert_eq!(user.token(), token);
    // The only authority is the default.
    assert!(user.run(&["token"], "").stdout.contains(&token));
    assert_eq!(fs::metadata(user.directory()).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(fs::metadata(user.state_file()).unwrap().mode() & 0o7777, 0o600);
}

#[tokio::test]
async fn a_named_private_certificate_authority_is_trusted() {
    let pair = Setup::new().over_tls(PrivateCa::new()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let (user, ca) = (pair.kubectl_user(), pair.ca().file());
    check_failed(&user.login(ADMIN.0, ADMIN.1, &[]), "(see login --ca)");
    let stranger = PrivateCa::new();
    let theirs = user.login(ADMIN.0, ADMIN.1, &["--ca", &stranger.file()]);
    check_failed(&theirs, "(see login --ca)");
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &["--ca", &ca]).code, 0);
    fs::remove_file(ca).unwrap();
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    user.let_the_token_end();
    let token = user.token();
    assert_eq!(pair.anonymous().with_token(&token).logs("web").await.log(), "hello\n");
}

#[tokio::test]
async fn one_of_five_simultaneous_calls_renews() {
    let pair = Pair::start();
    let user = logged_in(&pair);
    let before = user.token();
    user.let_the_token_end();
    let tokens = thread::scope(|scope| {
        let running = [(); 5].map(|()| scope.spawn(|| user.token()));
        running.map(|one| one.join().unwrap())
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_ne!(tokens[0], before);
    assert_eq!(renewals(&pair).await, "1");
    assert_eq!(pair.anonymous().with_token(&tokens[0]).validate().await.status, 200);
    user.state_file();
}

#[tokio::test]
async fn a_process_killed_before_the_answer_is_on_disk_loses_nothing() {
    let pair = Pair::start();
    let user = logged_in(&pair);
    user.let_the_token_end();
    let file = user.state_file();
    let before = fs::read(&file).unwrap();
    let token = user.token();
    // As if the answer had not been saved: the same refresh token is presented again.
    fs::write(&file, before).unwrap();
    assert_eq!(user.token(), token);
    assert_eq!(user.token(), token);
    user.state_file();
}

#[tokio::test]
async fn an_unreachable_authority_ends_no_session() {
    let mut pair = Pair::start();
    let user = logged_in(&pair);
    let token = user.token();
    pair.sso.stop();
    assert_eq!(user.token(), token);
    user.let_the_token_end();
    check_failed(&user.kubectl_sso("token"), "is unavailable");
    pair.start_sso_again();
    assert_ne!(user.token(), token);
    user.state_file();
}

#[tokio::test]
async fn an_error_names_the_command_to_log_in() {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let how = format!("run: kubectl sso login --sso {}", user.sso());
    check_failed(&user.kubectl_sso("token"), &how);
    check_failed(&user.login(ADMIN.0, "another password", &[]), "password is wrong");
    check_failed(&user.kubectl_sso("token"), &how);
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    user.state_file();
    pair.administer(&["sessions", "end", "--user", ADMIN.0]);
    user.let_the_token_end();
    let ended = user.kubectl_sso("token");
    check_failed(&ended, "has ended");
    check_failed(&ended, &how);
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    user.token();
}

#[tokio::test]
async fn a_log_out_ends_the_session_and_removes_it() {
    let mut pair = Pair::start();
    let user = logged_in(&pair);
    let caller = pair.anonymous().with_token(&user.token());
    user.let_the_token_end();
    // While the authority is unreachable the user stays logged in.
    pair.sso.stop();
    check_failed(&user.kubectl_sso("logout"), "still logged in");
    pair.start_sso_again();
    assert_eq!(caller.validate().await.status, 200);
    let ended = user.kubectl_sso("logout");
    assert_eq!(ended.stdout, format!("Logged out at {}.\n", user.sso()), "{ended:?}");
    assert_eq!(caller.validate().await.status, 401);
    for command in ["token", "status", "logout"] {
        check_failed(&user.kubectl_sso(command), "not logged in");
    }
}

#[tokio::test]
async fn a_status_names_the_user_and_the_authority() {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    check_failed(&user.run(&["status"], ""), "not logged in; run: kubectl sso login --sso URL");
    user.login(ADMIN.0, ADMIN.1, &[]);
    let ended = user.run(&["status"], "");
    let expected = format!("authority   {}\nuser        root\ntoken       until ", user.sso());
    assert!(ended.stdout.starts_with(&expected) && ended.code == 0, "{ended:?}");
    user.let_the_token_end();
    let ended = user.kubectl_sso("status");
    assert!(
        ended.stdout.contains("token       until 2026-01-01 00:30:00 UTC (ended)"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_state_readable_by_others_is_not_used() {
    let pair = Pair::start();
    let user = logged_in(&pair);
    for (path, open, private) in
        [(user.directory(), 0o750, 0o700), (user.state_file(), 0o640, 0o600)]
    {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        check_failed(&user.kubectl_sso("token"), path.to_str().unwrap());
        check_failed(&user.login(ADMIN.0, ADMIN.1, &[]), "others can access it");
        fs::set_permissions(&path, Permissions::from_mode(private)).unwrap();
        user.token();
    }
}

#[test]
fn an_invalid_command_line_is_refused() {
    for (arguments, said) in [
        (&["login"][..], "--sso"),
        (&["login", "--sso", "http://sso.example"], "https only"),
        (&["token", "--sso", "sso.example"], "is not a URL"),
        (&["login", "--sso", "https://a.b", "--password", "x"], "unexpected argument 'x'"),
        (&["login", "--sso", "https://a.b", "--device", "--username", "x"], "cannot be used with"),
        (&["login", "--sso", "https://a.b", "--device", "--password"], "cannot be used with"),
        (&["kubeconfig"], "--gateway"),
        (&["kubeconfig", "--gateway", "http://a.b"], "over plain http"),
        (&[], "Usage: kubectl sso <COMMAND>"),
    ] {
        let ended = run_kubectl_sso(arguments, &[("HOME", "/nowhere")], "");
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
    let sso = ["login", "--sso", "https://127.0.0.1:1"];
    check_failed(&run_kubectl_sso(&sso, &[], ""), "set HOME");
}

#[tokio::test]
async fn without_a_terminal_no_password_is_asked_for() {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let login = ["login", "--sso", user.sso()];
    check_failed(&user.run(&login, ADMIN.0), "--username");
    check_failed(&user.run(&[&login[..], &["--password"]].concat(), ADMIN.0), "--username");
    let named = [&login[..], &["--username", ADMIN.0]].concat();
    check_failed(&user.run(&named, ADMIN.1), "--password-file");
}

/// The value after a key of the kubeconfig, which is a string.
fn value(kubeconfig: &str, key: &str) -> String {
    let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(key));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no {key}: {kubeconfig}"))).unwrap()
}

#[tokio::test]
async fn a_kubeconfig_needs_a_token_and_holds_none() {
    let pair = Setup::new()
        .gateway("GATEWAY_PUBLIC_URL", "https://gw.example/")
        .gateway("GATEWAY_PUBLIC_SSO_URL", "https://sso.example/id/")
        .start();
    let path = "/kubeconfig";
    let anonymous = pair.anonymous().gateway(Method::GET, path).ask().await;
    anonymous.check_problem_is(401, "not_authenticated");
    let alice = pair.user("alice", &[]).await;
    let answer = alice.gateway(Method::GET, path).ask().await;
    let text = answer.text();
    assert_eq!(answer.header("content-type"), "application/yaml");
    assert!(answer.header("content-disposition").starts_with("attachment;"));
    assert!(!text.contains(alice.token()));
    assert_eq!(value(text, "server: "), "https://gw.example");
    assert!(text.contains(r#"args: [token, --sso, "https://sso.example/id"]"#), "{text}");
    assert!(!text.contains("certificate-authority-data"), "{text}");
    let head = alice.gateway(Method::HEAD, path).ask().await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let queried = alice.gateway(Method::GET, "/kubeconfig?pod=web").ask().await;
    assert_eq!(queried.status, 400);
    assert_eq!(alice.gateway(Method::POST, path).ask().await.status, 405);
}

#[tokio::test]
async fn without_public_urls_a_kubeconfig_names_the_listeners() {
    let pair = Pair::start();
    let answer = pair.admin().await.gateway(Method::GET, "/kubeconfig").ask().await;
    let server = format!("http://{}", pair.gateway.listening());
    assert_eq!(value(answer.text(), "server: "), server);
    let sso = format!("args: [token, --sso, \"http://{}\"]", pair.sso.listening());
    assert!(answer.text().contains(&sso), "{}", answer.text());
}
