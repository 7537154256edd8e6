//! Several authorities, one of which fails.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{MARGIN, any_caller, asking, check_is_unavailable, good, impatient, with_status};
use crate::harness::{ActiveAnswer, FakeAuthority, Reply, Setup, dead_address};

#[tokio::test]
async fn a_dead_authority_is_replaced_by_another() {
    let authority = FakeAuthority::start(good()).await;
    let (dead, alive) = (format!("http://{}", dead_address()), authority.url());
    for urls in [format!("{dead},{alive}"), format!("{alive}, {dead}")] {
        let pair = asking(&urls);
        let caller = any_caller(&pair);
        for _ in 0..6 {
            assert_eq!(caller.logs("web").await.status, 200, "{urls}");
        }
    }
}

#[tokio::test]
async fn an_authority_with_invalid_answers_is_replaced_by_another() {
    let bad = FakeAuthority::start(good()).await;
    let authority = FakeAuthority::start(good()).await;
    let urls = format!("{},{}", bad.url(), authority.url());
    for (why, reply) in [
        ("500", with_status(500)),
        ("503", with_status(503)),
        ("holds no lease", Reply::json(503, &json!({ "code": "store_unavailable" }))),
        ("404", with_status(404)),
        ("302", Reply::http(302, "location: /login\r\n", "")),
        ("a page", Reply::http(200, "content-type: text/html\r\n", "<html>log in</html>")),
        ("hangs up", Reply::HangUp),
        (
            "expired",
            ActiveAnswer::of("logs:read").with("expires_at", "2020-01-01T00:00:00Z").reply(),
        ),
    ] {
        bad.answer(reply);
        let asked = bad.asked().len();
        // Each gateway is new, and has no state about the instance yet.
        let setup = impatient().gateway("GATEWAY_SSO_URL", &urls).gateway("GATEWAY_WORKERS", "1");
        let pair = setup.start();
        let caller = any_caller(&pair);
        for _ in 0..3 {
            assert_eq!(caller.pods().await.status, 200, "{why}");
        }
        assert!(bad.asked().len() <= asked + 1, "{why}: it was asked again and again");
    }
    bad.answer(with_status(401));
    let pair = asking(&urls);
    any_caller(&pair).pods().await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn a_hanging_authority_is_replaced_and_no_longer_asked() {
    let hanging = FakeAuthority::start(Reply::Nothing).await;
    let authority = FakeAuthority::start(good()).await;
    let urls = format!("{},{}", hanging.url(), authority.url());
    let setup = impatient().gateway("GATEWAY_SSO_URL", &urls).gateway("GATEWAY_WORKERS", "1");
    let pair = setup.start();
    let caller = any_caller(&pair);
    for _ in 0..6 {
        assert_eq!(caller.pods().await.status, 200);
    }
    assert_eq!(hanging.asked().len(), 1);
}

#[tokio::test]
async fn without_a_listening_authority_no_request_waits_for_a_time_out() {
    let urls = format!("http://{},http://{}", dead_address(), dead_address());
    let setup = Setup::new().gateway("GATEWAY_SSO_TIMEOUT", "30s");
    let pair = setup.gateway("GATEWAY_SSO_URL", &urls).start();
    let caller = any_caller(&pair);
    let start = Instant::now();
    for _ in 0..3 {
        for answer in join_all((0..20).map(|_| caller.pods())).await {
            check_is_unavailable(&answer, "refused");
        }
    }
    assert!(start.elapsed() < 3 * MARGIN, "{:?}", start.elapsed());
}

#[tokio::test]
async fn each_change_of_an_instance_is_one_log_line_whatever_the_number_of_workers() {
    let (first, second) = (FakeAuthority::start(good()).await, FakeAuthority::start(good()).await);
    let urls = format!("{},{}", first.url(), second.url());
    let setup = impatient().gateway("GATEWAY_SSO_URL", &urls).gateway("GATEWAY_WORKERS", "3");
    let mut pair = setup.start();
    let mut statuses = Vec::new();
    for (first_reply, second_reply) in [
        (good(), good()),
        (with_status(503), good()),
        (with_status(503), with_status(503)),
        (with_status(503), good()),
    ] {
        first.answer(first_reply);
        second.answer(second_reply);
        // Each is a client of its own, so that its connection may be another worker's.
        for _ in 0..8 {
            statuses.push(any_caller(&pair).pods().await.status);
        }
    }
    assert_eq!(statuses[..16], [200; 16]);
    assert_eq!(statuses[16..24], [503; 8]);
    assert_eq!(statuses[24..], [200; 8]);
    let expected = [
        ("an instance of the authority is unavailable", &first),
        ("no instance of the authority is available", &second),
        ("an instance of the authority is available again", &second),
    ];
    let expected =
        expected.map(|(message, one)| (message.to_owned(), one.url() + "/auth/validate"));
    assert_eq!(changes(&pair.gateway.stop_and_read_log()), expected);
}

/// The messages about instances in a log, each with the instance.
fn changes(log: &str) -> Vec<(String, String)> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines
        .filter(|line| text(line, "message").contains("instance of the authority"))
        .map(|line| (text(&line, "message"), text(&line, "instance")))
        .collect()
}
