//! `grep` and `exclude`, on `/logs` and on the log endpoint of the Kubernetes API.

use reqwest::Method;

use crate::harness::{Ask, Caller, Pair, ask_kubernetes, cri_at, docker};

const KUBERNETES: &str = "/api/v1/namespaces/default/pods/web/log";

async fn with_web_pod() -> (Pair, Caller) {
    let pair = Pair::start();
    let lines = [
        cri_at(0, "stdout", "GET /healthz 200"),
        cri_at(1, "stderr", "\u{1b}[31mer\u{1b}[0mror: timeout"),
        cri_at(2, "stdout", "GET /cart 500 timeout"),
        cri_at(3, "stdout", "GET /cart 200"),
        "2026-11-01T10:00:04.000000000Z stdout P GET /ca\n".to_owned(),
        cri_at(5, "stderr", "warning"),
        cri_at(6, "stdout", "rt 404"),
    ];
    pair.logs.write("default", "web", lines.concat());
    let admin = pair.admin().await;
    (pair, admin)
}

#[tokio::test]
async fn lines_are_chosen_by_their_text_before_they_are_counted() {
    let (_pair, admin) = with_web_pod().await;
    let coloured = "\u{1b}[31mer\u{1b}[0mror: timeout\n";
    for (query, expected) in [
        ("grep=cart", "GET /cart 500 timeout\nGET /cart 200\nGET /cart 404\n"),
        ("grep=cart&grep=timeout", "GET /cart 500 timeout\n"),
        ("grep=cart&exclude=500&exclude=404", "GET /cart 200\n"),
        ("exclude=GET", &format!("{coloured}warning\n")),
        ("grep=%5Eerror:", coloured),
        ("grep=%1B", ""),
        ("grep=(%3Fi)ERROR%7Cwarning", &format!("{coloured}warning\n")),
        ("grep=cart&tail=2", "GET /cart 200\nGET /cart 404\n"),
        ("grep=cart&limitLines=1", "GET /cart 500 timeout\n"),
        ("grep=timeout&stream=Stdout", "GET /cart 500 timeout\n"),
        ("grep=nothing", ""),
        ("grep=", "GET /healthz 200"),
    ] {
        let answer = admin.text(&format!("web?{query}")).await;
        let is_as_expected = match query {
            "grep=" => answer.text().starts_with(expected),
            _ => answer.text() == expected,
        };
        assert!(is_as_expected, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_bad_pattern_is_refused_with_the_reason() {
    let (_pair, admin) = with_web_pod().await;
    for query in ["grep=(", "exclude=a&exclude=%5B", "grep=(%5Cw{99}){99}"] {
        let answer = admin.logs(&format!("web?{query}")).await;
        answer.check_problem_is(422, "bad_pattern");
        let reason = answer.json()["errors"][0]["detail"].to_string();
        assert!(reason.contains("regular expression"), "{reason}");
        let request = admin.gateway(Method::GET, &format!("{KUBERNETES}?{query}"));
        let (code, status) = ask_kubernetes(request).await;
        assert_eq!(code, 422, "{query}");
        let cause = &status["details"]["causes"][0];
        assert_eq!(status["reason"], "Invalid", "{status}");
        assert!(cause["message"].to_string().contains("regular expression"), "{status}");
        assert!(query.starts_with(cause["field"].as_str().unwrap()), "{status}");
    }
    let patterns = "&grep=a".repeat(17);
    admin.logs(&format!("web?{patterns}")).await.check_problem_is(422, "bad_pattern");
    let ten_thousand: String = (0..10_000).map(|number| format!("{number}|")).collect();
    admin.logs(&format!("web?grep={ten_thousand}")).await.check_problem_is(422, "bad_pattern");
}

#[tokio::test]
async fn the_kubernetes_endpoint_joins_lines_only_if_their_text_is_looked_at() {
    let (_pair, admin) = with_web_pod().await;
    let ask = async |query: &str| {
        let answer = admin.gateway(Method::GET, &format!("{KUBERNETES}?{query}")).ask().await;
        answer.text().to_owned()
    };
    assert_eq!(ask("tailLines=3").await, "GET /cawarning\nrt 404\n");
    assert_eq!(ask("tailLines=1&grep=cart").await, "GET /cart 404\n");
    assert_eq!(ask("grep=cart&grep=0$&exclude=50").await, "GET /cart 200\n");
    assert_eq!(ask("grep=warn&timestamps=true").await, "2026-11-01T10:00:05.000000000Z warning\n");
    assert_eq!(ask("grep=cart&limitBytes=8").await, "GET /car");
    assert_eq!(ask("grep=cart&sinceTime=2026-11-01T10:00:03Z&stream=Stderr").await, "");
}

#[tokio::test]
async fn dockers_lines_are_matched_as_they_were_written() {
    let pair = Pair::start();
    pair.logs.write("default", "web", docker(&["a \"quoted\" word", "tab\there", "plain"]));
    let admin = pair.admin().await;
    assert_eq!(admin.text("web?grep=%22quoted%22").await.text(), "a \"quoted\" word\n");
    assert_eq!(admin.text("web?grep=%5Ct").await.text(), "tab\there\n");
    assert_eq!(admin.text("web?exclude=plain&tail=1").await.text(), "tab\there\n");
}
