//! The whole path, from the log-in to the log.

use serde_json::json;

use crate::harness::{ADMIN, Pair, cri, docker};

#[tokio::test]
async fn a_caller_logs_in_reads_a_log_from_the_disk_and_logs_out() {
    let pair = Pair::start();
    let lines = ["starting \"web\"", "", "  two blanks before, one after ", "ü\t\u{1b}[31mred"];
    let as_written = lines.map(|line| format!("{line}\n")).concat();
    pair.logs.write("default", "web", cri(&lines));

    let answer = pair.anonymous().log_in(ADMIN.0, ADMIN.1).await;
    assert_eq!(answer.status, 200);
    let caller = pair.anonymous().with_token(answer.json()["token"].as_str().unwrap());

    let validation = caller.validate().await.json();
    assert_eq!(validation["authorized"], true);
    assert_eq!(validation["username"], ADMIN.0);

    let log = caller.logs("web").await;
    let expected = json!({
        "status": "success",
        "message": "User root authenticated.",
        "namespace": "default",
        "pod_name": "web",
        "container": "app",
        "logs": as_written,
    });
    assert_eq!(log.json(), expected);
    assert_eq!(log.header("content-type"), "application/json");

    let text = caller.text("default/web").await;
    assert_eq!(text.text(), as_written);
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");

    let pods = caller.pods().await.json();
    assert_eq!(pods["pods"][0]["namespace"], "default");
    assert_eq!(pods["pods"][0]["pod"], "web");
    assert_eq!(pods["pods"][0]["containers"][0]["name"], "app");

    assert_eq!(caller.log_out().await.status, 204);
    caller.logs("web").await.check_problem_is(401, "invalid_token");
    caller.validate().await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn a_log_in_by_form_answers_as_one_by_json() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let answer = pair.anonymous().log_in_by_form(ADMIN.0, ADMIN.1).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token"], body["access_token"]);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 1800);
    assert_eq!(body["username"], ADMIN.0);
    assert_eq!(body["roles"], json!(["admin"]));
    assert_eq!(body["permissions"], json!(["*"]));
    let caller = pair.anonymous().with_token(body["token"].as_str().unwrap());
    assert_eq!(caller.text("web").await.text(), "hello\n");
}

#[tokio::test]
async fn a_log_of_docker_reads_like_one_of_a_cri_runtime() {
    let pair = Pair::start();
    let lines = ["a \"quoted\" word", "ü\u{1b}[0m"];
    pair.logs.write("default", "cri", cri(&lines));
    pair.logs.write("default", "docker", docker(&lines));
    let admin = pair.admin().await;
    for query in ["", "?tail=1", "?timestamps=true&limitLines=1"] {
        let logs =
            [admin.logs(&format!("cri{query}")).await, admin.logs(&format!("docker{query}")).await];
        let [cri, docker] = logs.map(|answer| answer.log().replace(".000000000Z", "Z"));
        assert_eq!(cri, docker, "{query}");
        assert!(!cri.is_empty());
    }
}

#[tokio::test]
async fn a_line_written_after_the_first_request_is_in_the_next() {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log", cri(&["one"]));
    let admin = pair.admin().await;
    assert_eq!(admin.text("web").await.text(), "one\n");
    container.write("0.log", cri(&["one", "two"]));
    assert_eq!(admin.text("web").await.text(), "one\ntwo\n");
    pair.logs.write("default", "late", cri(&["there now"]));
    assert_eq!(admin.text("late").await.text(), "there now\n");
}
