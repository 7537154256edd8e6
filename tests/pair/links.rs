//! Links, pipes and directories in place of a log file.

use std::{
    fs,
    os::unix::fs::symlink,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Ask, Caller, Pair, Setup, ask_kubernetes, cri, docker};

const SECRET: &str = "an unreadable secret";

/// Checks that both interfaces report at once that the file is not a log, and name the setting.
async fn check_is_not_a_log(admin: &Caller, pod: &str) {
    let asked = Instant::now();
    let followed = format!("{pod}?follow=true");
    for answer in [
        admin.logs(pod).await,
        admin.text(&format!("{pod}?tail=1")).await,
        admin.text(&followed).await,
    ] {
        answer.check_problem_is(404, "log_not_found");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("GATEWAY_LOGS_ROOTS"), "{detail}");
        check_tells_nothing(&answer);
    }
    let head = admin.gateway(Method::HEAD, &format!("/logs/{pod}")).ask().await;
    assert_eq!(head.status, 404);
    let path = format!("/api/v1/namespaces/default/pods/{pod}/log");
    let over_http = admin.gateway(Method::GET, &path);
    let over_websocket = admin
        .gateway(Method::GET, &path)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    for request in [over_http, over_websocket] {
        let (code, status) = ask_kubernetes(request).await;
        assert_eq!((code, &status["reason"]), (404, &json!("NotFound")), "{status}");
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("GATEWAY_LOGS_ROOTS"), "{message}");
        check_body_tells_nothing(message);
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "{pod}: {:?}", asked.elapsed());
    assert_eq!(admin.logs("healthy").await.log(), "hello\n");
    assert_eq!(admin.pods().await.status, 200);
}

fn check_tells_nothing(answer: &Answer) {
    check_body_tells_nothing(&String::from_utf8_lossy(&answer.body));
}

fn check_body_tells_nothing(body: &str) {
    for word in [SECRET, "denied", "No such file", "os error", ".log"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

fn pair() -> Pair {
    with_healthy(Pair::start())
}

fn with_healthy(pair: Pair) -> Pair {
    pair.logs.write("default", "healthy", cri(&["hello"]));
    pair
}

#[tokio::test]
async fn a_link_out_of_the_pod_is_refused() {
    let pair = pair();
    let other = pair.logs.pod("bank", "vault").container("app");
    other.write("0.log", cri(&[SECRET]));
    fs::write(pair.beside_logs("outside.log"), cri(&[SECRET])).unwrap();
    symlink(other.path(), pair.beside_logs("way")).unwrap();
    let vault = pair.logs.pod("bank", "vault");
    let vault_name = vault.path().file_name().unwrap().to_str().unwrap();
    let targets = [
        other.path().join("0.log"),
        format!("../../{vault_name}/app/0.log").into(),
        pair.beside_logs("outside.log"),
        "../../../outside.log".into(),
        pair.beside_logs("way/0.log"),
        "/etc/passwd".into(),
        "/proc/self/environ".into(),
        "/dev/zero".into(),
    ];
    let admin = pair.admin().await;
    for (number, target) in targets.iter().enumerate() {
        let pod = format!("link-{number}");
        pair.logs.pod("default", &pod).container("app").link("0.log", target);
        check_is_not_a_log(&admin, &pod).await;
    }
    // A permission for a pod gives no access to another pod's log through a planted link.
    let alice = pair.user("alice", &["logs:read:default/*"]).await;
    alice.logs("link-0").await.check_problem_is(404, "log_not_found");
}

#[tokio::test]
async fn a_link_within_the_pod_is_followed() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    let container = pod.container("app");
    container.write("7.txt", cri(&["from the other end"])).link("0.log", "7.txt");
    pod.container("side").write("0.log", cri(&["beside"]));
    pod.container("linked").link("0.log", "../side/0.log");
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web?container=app").await.log(), "from the other end\n");
    assert_eq!(admin.logs("web?container=linked").await.log(), "beside\n");
}

#[tokio::test]
async fn a_dangling_or_circular_link_is_not_a_log() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    pod.container("nowhere").link("0.log", "missing.log");
    pod.container("itself").link("0.log", "0.log");
    let admin = pair.admin().await;
    for (container, status) in [("nowhere", 404), ("itself", 404)] {
        let answer = admin.logs(&format!("web?container={container}")).await;
        assert_eq!(answer.status, status, "{container}: {answer:?}");
        check_tells_nothing(&answer);
    }
    assert_eq!(admin.logs("healthy").await.status, 200);
}

#[tokio::test]
async fn a_pod_or_container_that_is_a_link_is_not_found() {
    let pair = pair();
    fs::create_dir_all(pair.beside_logs("outside/app")).unwrap();
    fs::write(pair.beside_logs("outside/app/0.log"), cri(&[SECRET])).unwrap();
    symlink(pair.beside_logs("outside"), pair.logs.path().join("default_linked_1")).unwrap();
    symlink(pair.beside_logs("outside/app"), pair.logs.pod("default", "web").path().join("app"))
        .unwrap();
    let admin = pair.admin().await;
    admin.logs("linked").await.check_problem_is(404, "pod_not_found");
    admin.logs("web").await.check_problem_is(404, "log_not_found");
    admin.logs("web?container=app").await.check_problem_is(404, "container_not_found");
    let listed = String::from_utf8(admin.pods().await.body).unwrap();
    assert!(!listed.contains("\"linked\"") && !listed.contains("\"app\",\"app\""), "{listed}");
}

/// Docker's logs are elsewhere; the kubelet links to them.
fn link_as_docker_does(pair: &Pair) {
    let directory = pair.beside_logs("containers/4c01db0b");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("4c01db0b-json.log"), docker(&["from docker"])).unwrap();
    let target = directory.join("4c01db0b-json.log");
    pair.logs.pod("default", "web").container("app").link("0.log", target);
}

#[tokio::test]
async fn a_link_as_docker_makes_it_needs_its_root_configured() {
    let pair = pair();
    link_as_docker_does(&pair);
    check_is_not_a_log(&pair.admin().await, "web").await;

    let roots = crate::harness::scratch();
    let pair = Setup::new().gateway("GATEWAY_LOGS_ROOTS", &roots.path().to_string_lossy()).start();
    let pair = with_healthy(pair);
    link_as_docker_does(&pair);
    check_is_not_a_log(&pair.admin().await, "web").await;
    let directory = roots.path().join("4c01db0b");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("0-json.log"), docker(&["from docker"])).unwrap();
    let container = pair.logs.pod("default", "docker").container("app");
    container.link("0.log", directory.join("0-json.log"));
    // Out of the root again, by a link or by dot segments.
    symlink("/etc/passwd", directory.join("out-json.log")).unwrap();
    let climbing = roots.path().join("../../../../../../../../etc/passwd");
    pair.logs.pod("default", "out").container("app").link("0.log", directory.join("out-json.log"));
    pair.logs.pod("default", "climbing").container("app").link("0.log", climbing);
    let admin = pair.admin().await;
    assert_eq!(admin.logs("docker").await.log(), "from docker\n");
    check_is_not_a_log(&admin, "out").await;
    check_is_not_a_log(&admin, "climbing").await;
}

#[tokio::test]
async fn a_pipe_in_place_of_a_log_delays_no_reader() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    pod.container("app").pipe("0.log");
    check_is_not_a_log(&pair.admin().await, "web").await;
}

#[tokio::test]
async fn a_directory_in_place_of_a_log_is_not_found() {
    let pair = pair();
    pair.logs.pod("default", "web").container("app").directory("0.log");
    check_is_not_a_log(&pair.admin().await, "web").await;
}

#[tokio::test]
async fn a_link_that_leads_out_is_logged_once() {
    let mut pair = pair();
    for pod in ["web", "cart"] {
        pair.logs.pod("default", pod).container("app").link("0.log", "/etc/passwd");
    }
    let admin = pair.admin().await;
    for _ in 0..3 {
        check_is_not_a_log(&admin, "web").await;
        check_is_not_a_log(&admin, "cart").await;
    }
    let log = pair.gateway.stop_and_read_log();
    assert_eq!(log.matches("GATEWAY_LOGS_ROOTS").count(), 1, "{log}");
}

#[tokio::test]
async fn a_file_that_is_not_a_log_does_not_hide_the_others() {
    let pair = pair();
    let container = pair.logs.pod("default", "web").container("app");
    container.link("0.log.20261101-100000", "/etc/passwd").write("0.log", cri(&["current"]));
    let admin = pair.admin().await;
    assert!(admin.logs("web?history=current").await.log().ends_with("current\n"));
    assert!(admin.text("web?tail=1").await.text().ends_with("current\n"));
}
