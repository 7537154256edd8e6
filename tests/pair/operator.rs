//! The operator's helper: from a password to kubectl.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    thread,
};

use reqwest::Method;

use crate::harness::{
    ADMIN, Ask, Ended, Operator, Pair, PrivateCa, Setup, cri, plain_client, run_gateway,
};

fn logged_in(pair: &Pair) -> Operator {
    let operator = pair.operator();
    let ended = operator.login(ADMIN.0, ADMIN.1, &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    operator
}

/// Fails with one line that says this.
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
async fn who_has_logged_in_has_a_token_that_reads() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let operator = pair.operator();
    let said = operator.login(ADMIN.0, ADMIN.1, &[]).stdout;
    assert!(said.starts_with(&format!("Logged in at {} as root", operator.sso())), "{said}");
    let token = operator.token();
    assert_eq!(pair.anonymous().with_token(&token).logs("web").await.log(), "hello\n");
    assert_eq!(operator.token(), token);
    // There is one authority only, so it need not be named.
    assert!(operator.logs_gateway(&["kube-token"], "").stdout.contains(&token));
    assert_eq!(fs::metadata(operator.directory()).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(fs::metadata(operator.state_file()).unwrap().mode() & 0o7777, 0o600);
}

#[tokio::test]
async fn a_private_authority_is_believed_when_it_is_named_and_from_then_on() {
    let pair = Setup::new().over_tls(PrivateCa::new()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let (operator, ca) = (pair.operator(), pair.ca().file());
    check_failed(&operator.login(ADMIN.0, ADMIN.1, &[]), "(see login --ca)");
    let stranger = PrivateCa::new();
    let theirs = operator.login(ADMIN.0, ADMIN.1, &["--ca", &stranger.file()]);
    check_failed(&theirs, "(see login --ca)");
    assert_eq!(operator.login(ADMIN.0, ADMIN.1, &["--ca", &ca]).code, 0);
    fs::remove_file(ca).unwrap();
    assert_eq!(operator.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    operator.let_the_token_end();
    let token = operator.token();
    assert_eq!(pair.anonymous().with_token(&token).logs("web").await.log(), "hello\n");
}

#[tokio::test]
async fn of_five_at_a_time_one_renews() {
    let pair = Pair::start();
    let operator = logged_in(&pair);
    let before = operator.token();
    operator.let_the_token_end();
    let tokens = thread::scope(|scope| {
        let running = [(); 5].map(|()| scope.spawn(|| operator.token()));
        running.map(|one| one.join().unwrap())
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_ne!(tokens[0], before);
    assert_eq!(renewals(&pair).await, "1");
    assert_eq!(pair.anonymous().with_token(&tokens[0]).validate().await.status, 200);
    operator.state_file();
}

#[tokio::test]
async fn who_dies_before_the_answer_is_on_disk_loses_nothing() {
    let pair = Pair::start();
    let operator = logged_in(&pair);
    operator.let_the_token_end();
    let file = operator.state_file();
    let before = fs::read(&file).unwrap();
    let token = operator.token();
    // As if it had not been written: the same refresh token is shown again.
    fs::write(&file, before).unwrap();
    assert_eq!(operator.token(), token);
    assert_eq!(operator.token(), token);
    operator.state_file();
}

#[tokio::test]
async fn an_authority_that_is_away_ends_no_session() {
    let mut pair = Pair::start();
    let operator = logged_in(&pair);
    let token = operator.token();
    pair.sso.stop();
    assert_eq!(operator.token(), token);
    operator.let_the_token_end();
    check_failed(&operator.kube_token(), "cannot be asked right now");
    pair.start_sso_again();
    assert_ne!(operator.token(), token);
    operator.state_file();
}

#[tokio::test]
async fn who_has_to_log_in_again_is_told_how() {
    let pair = Pair::start();
    let operator = pair.operator();
    let how = format!("run: logs-gateway login --sso {}", operator.sso());
    check_failed(&operator.kube_token(), &how);
    check_failed(&operator.login(ADMIN.0, "another password", &[]), "password is wrong");
    check_failed(&operator.kube_token(), &how);
    assert_eq!(operator.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    operator.state_file();
    pair.administer(&["sessions", "end", "--user", ADMIN.0]);
    operator.let_the_token_end();
    let ended = operator.kube_token();
    check_failed(&ended, "is over");
    check_failed(&ended, &how);
    assert_eq!(operator.login(ADMIN.0, ADMIN.1, &[]).code, 0);
    operator.token();
}

#[tokio::test]
async fn a_state_that_others_could_read_is_not_used() {
    let pair = Pair::start();
    let operator = logged_in(&pair);
    for (path, open, private) in
        [(operator.directory(), 0o750, 0o700), (operator.state_file(), 0o640, 0o600)]
    {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        check_failed(&operator.kube_token(), path.to_str().unwrap());
        check_failed(&operator.login(ADMIN.0, ADMIN.1, &[]), "others may use it");
        fs::set_permissions(&path, Permissions::from_mode(private)).unwrap();
        operator.token();
    }
}

#[test]
fn a_command_that_makes_no_sense_is_refused() {
    for (arguments, said) in [
        (&["login"][..], "--sso"),
        (&["login", "--sso", "http://sso.example"], "https only"),
        (&["kube-token", "--sso", "sso.example"], "is no URL"),
        (&["login", "--sso", "https://a.b", "--password", "x"], "--password"),
    ] {
        let ended = run_gateway(arguments, &[("HOME", "/nowhere")]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
    let sso = ["login", "--sso", "https://127.0.0.1:1"];
    check_failed(&run_gateway(&sso, &[]), "set HOME");
}

#[tokio::test]
async fn nobody_is_asked_for_a_password_without_a_terminal() {
    let pair = Pair::start();
    let operator = pair.operator();
    let login = ["login", "--sso", operator.sso()];
    check_failed(&operator.logs_gateway(&login, ADMIN.0), "--username");
    let named = [&login[..], &["--username", ADMIN.0]].concat();
    check_failed(&operator.logs_gateway(&named, ADMIN.1), "--password-file");
}

/// The value after a key of the kubeconfig, which is a string.
fn value(kubeconfig: &str, key: &str) -> String {
    let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(key));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no {key}: {kubeconfig}"))).unwrap()
}

#[tokio::test]
async fn a_kubeconfig_is_for_who_has_a_token_and_holds_none() {
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
    assert!(text.contains(r#"args: [kube-token, --sso, "https://sso.example/id"]"#), "{text}");
    assert!(!text.contains("certificate-authority-data"), "{text}");
    let head = alice.gateway(Method::HEAD, path).ask().await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let queried = alice.gateway(Method::GET, "/kubeconfig?pod=web").ask().await;
    assert_eq!(queried.status, 400);
    assert_eq!(alice.gateway(Method::POST, path).ask().await.status, 405);
}

#[tokio::test]
async fn without_public_addresses_a_kubeconfig_names_those_that_are_known() {
    let pair = Pair::start();
    let answer = pair.admin().await.gateway(Method::GET, "/kubeconfig").ask().await;
    let server = format!("http://{}", pair.gateway.listening());
    assert_eq!(value(answer.text(), "server: "), server);
    let sso = format!("args: [kube-token, --sso, \"http://{}\"]", pair.sso.listening());
    assert!(answer.text().contains(&sso), "{}", answer.text());
}
