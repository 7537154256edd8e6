//! kubectl throughout the life of a session.

use std::thread;

use reqwest::Method;

use super::command::Kubectl;
use crate::{
    harness::{ADMIN, KubectlUser, Pair, Setup, cri, patience, plain_client, until},
    peer::{Installed, Peer},
    stage::{OwnNamespace, Stage, WEB, kubeconfig, over_tls, remove, restart},
};

pub(super) fn an_ended_session_is_reported_by_kubectl(stage: &Stage, kubectl: &Installed) {
    let OwnNamespace { name, reader } = stage.own();
    let kubectl = Kubectl::of(kubectl, stage.pair(), &reader, &name);
    kubectl.says("get pods -o name", "");
    assert_eq!(stage.block_on(reader.log_out()).status, 204);
    for arguments in ["get pods", "logs web", "get pods -w"] {
        check_needs_log_in(&kubectl, arguments);
    }
}

#[track_caller]
fn check_needs_log_in(kubectl: &Kubectl, arguments: &str) {
    let ended = kubectl.run(arguments);
    assert_eq!((ended.code, ended.text()), (1, ""), "{arguments}: {ended:?}");
    let said = "error: You must be logged in to the server";
    assert!(ended.stderr.contains(said), "{arguments}: {ended:?}");
}

pub(super) fn the_kubeconfig_of_the_gateway_works_unchanged(stage: &Stage, kubectl: &Installed) {
    let (user, kubectl) = logged_in(stage, stage.pair(), kubectl);
    kubectl.says("logs -n team-a web", WEB);
    let raw = kubectl.run("get --raw /logs/team-a/web?tail=1");
    assert!(raw.text().contains(r#""logs":"three\n""#), "{raw:?}");
    stage.block_on(stage.pair().anonymous().with_token(&user.token()).log_out());
    user.let_the_token_end();
    let ended = kubectl.run("get pods -A");
    assert_eq!((ended.code, ended.text()), (1, ""), "{ended:?}");
    // kubectl prints the plugin's message.
    let how = format!("run: kubectl sso login --sso {}", user.sso());
    assert!(ended.stderr.contains(&how), "{ended:?}");
}

/// Every command of the plugin, run as `kubectl sso`.
pub(super) fn the_plugin_works_from_log_in_to_log_out(stage: &Stage, kubectl: &Installed) {
    let (user, pair) = (stage.pair().kubectl_user(), stage.pair());
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &["--ca", &pair.ca().file()]).code, 0);
    let other = kubeconfig(pair, stage.alice(), "team-a");
    let version = kubectl.peer;
    let kubectl = Kubectl::with(kubectl, user.home_path(), &other);
    let gateway = format!("https://{}", pair.gateway.listening());
    if version == Peer::Kubectl("1.27") {
        let ended = kubectl.run(&format!("sso kubeconfig --gateway {gateway}"));
        assert!(ended.stderr.contains("unknown flag: --exec-interactive-mode"), "{ended:?}");
        kubectl.says("config current-context", "x\n");
        return;
    }
    for _ in 0..2 {
        let name = pair.gateway.listening();
        let expected = format!("Switched to context \"{name}\".\n");
        kubectl.says(&format!("sso kubeconfig --gateway {gateway}"), expected);
        kubectl.says("config current-context", format!("{name}\n"));
    }
    kubectl.says("logs -n team-a web", WEB);
    // The context that was there before still works.
    kubectl.says("--context x logs web", WEB);
    let status = kubectl.run("sso status");
    assert!(status.text().contains("user        root\n"), "{status:?}");
    kubectl.says("sso logout", format!("Logged out at {}.\n", user.sso()));
    let ended = kubectl.run("logs -n team-a web");
    assert!(ended.code != 0 && ended.stderr.contains("not logged in"), "{ended:?}");
}

pub(super) fn five_simultaneous_calls_renew_a_session_once(stage: &Stage, kubectl: &Installed) {
    let (user, kubectl) = logged_in(stage, stage.pair(), kubectl);
    let before = user.token();
    user.let_the_token_end();
    thread::scope(|scope| {
        let running = [(); 5].map(|()| scope.spawn(|| kubectl.says("logs -n team-a web", WEB)));
        running.map(|one| one.join().unwrap())
    });
    let after = user.token();
    assert_ne!(after, before);
    // A second renewal would have ended the tokens of the others.
    let caller = stage.pair().anonymous().with_token(&after);
    assert_eq!(stage.block_on(caller.validate()).status, 200);
}

/// `wait` watches, and starts again when a watch ends: when a token lasts two seconds, that is in
/// the middle of it.
pub(super) fn a_session_is_renewed_in_the_middle_of_a_command(stage: &Stage, kubectl: &Installed) {
    let setup = Setup::new().sso("SSO_TOKEN_TTL", "2s").gateway("GATEWAY_REVALIDATE", "200ms");
    let pair = over_tls(setup);
    pair.logs.write("team-a", "web", cri(&["one"]));
    let (user, renewing) = logged_in(stage, &pair, kubectl);
    let first = pair.anonymous().with_token(&user.token());
    let waiting = renewing.start("wait --for=delete pod/web -n team-a --timeout=60s");
    let before = stage.block_on(renewals(&pair));
    stage.block_on(until("the session is renewed twice", 3 * patience(), async || {
        (renewals(&pair).await >= before + 2).then_some(())
    }));
    remove(&pair, "team-a", "web");
    assert_eq!(waiting.line(), "pod/web condition met");
    assert_eq!(waiting.end().code, 0);
    user.state_file();
    // The token that it began with has expired.
    check_needs_log_in(&Kubectl::of(kubectl, &pair, &first, "team-a"), "get pods");
}

pub(super) fn a_watch_shows_that_its_session_ended(stage: &Stage, kubectl: &Installed) {
    let OwnNamespace { name, reader } = stage.own();
    stage.pair().logs.write(&name, "web", cri(&["one"]));
    let kubectl = Kubectl::of(kubectl, stage.pair(), &reader, &name);
    let watching = kubectl.start("get pods -w --no-headers");
    assert_eq!(watching.words()[..4], ["web", "0/1", "Running", "0"]);
    // That was a list; the next row comes from the watch.
    restart(stage.pair(), &name, "web");
    assert_eq!(watching.words()[..4], ["web", "0/1", "Running", "1"]);
    assert_eq!(stage.block_on(reader.log_out()).status, 204);
    // kubectl prints the failure like a pod, and succeeds.
    let end = watching.end();
    let last: Vec<_> = end.rest.last().unwrap().split_whitespace().skip(1).collect();
    assert_eq!((end.code, last.join(" ")), (0, "Unauthorized Unauthorized".to_owned()));
}

/// A user who logged in at the shell, with the kubeconfig that the gateway serves.
fn logged_in(stage: &Stage, pair: &Pair, kubectl: &Installed) -> (KubectlUser, Kubectl) {
    let user = pair.kubectl_user();
    let ended = user.login(ADMIN.0, ADMIN.1, &["--ca", &pair.ca().file()]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let caller = pair.anonymous().with_token(&user.token());
    let request = caller.gateway(Method::GET, "/kubeconfig");
    let kubeconfig = stage.block_on(async { request.send().await.unwrap().text().await.unwrap() });
    let kubectl = Kubectl::with(kubectl, user.home_path(), &kubeconfig);
    (user, kubectl)
}

/// How many sessions were renewed at the pair's authority so far.
async fn renewals(pair: &Pair) -> u64 {
    let url = format!("http://{}/metrics", pair.sso.ops());
    let text = plain_client().get(url).send().await.unwrap().text().await.unwrap();
    let name = r#"refreshes_total{outcome="renewed"} "#;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.parse().unwrap())
}
