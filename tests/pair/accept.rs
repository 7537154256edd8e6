//! The forms of a log.

use reqwest::Method;

use crate::harness::{Answer, Ask, Caller, Pair, cri};

async fn ask(caller: &Caller, method: Method, accept: &str) -> Answer {
    caller.gateway(method, "/logs/web").header("accept", accept).ask().await
}

async fn with_web_pod() -> (Pair, Caller) {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    (pair, admin)
}

#[tokio::test]
async fn the_preferred_form_is_answered() {
    let (_pair, admin) = with_web_pod().await;
    for accept in [
        "*/*",
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/*",
        "text/plain;q=0.5, application/json",
        "text/html, application/xhtml+xml, */*;q=0.8",
    ] {
        let answer = ask(&admin, Method::GET, accept).await;
        assert_eq!(answer.log(), "hello\n", "{accept}");
        assert_eq!(answer.header("content-type"), "application/json", "{accept}");
    }
    for accept in
        ["text/plain", "text/*", "text/plain, */*;q=0.1", "application/json;q=0.2, text/plain"]
    {
        let answer = ask(&admin, Method::GET, accept).await;
        assert_eq!(answer.text(), "hello\n", "{accept}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{accept}");
    }
}

#[tokio::test]
async fn an_unknown_form_is_not_acceptable() {
    let (_pair, admin) = with_web_pod().await;
    for accept in
        ["text/html", "image/*", "application/xml, text/csv", "text/plain;q=0", "*/*;q=0.000"]
    {
        ask(&admin, Method::GET, accept).await.check_problem_is(406, "not_acceptable");
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let (_pair, admin) = with_web_pod().await;
    for (accept, content_type) in
        [("*/*", "application/json"), ("text/plain", "text/plain; charset=utf-8")]
    {
        let answer = ask(&admin, Method::HEAD, accept).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for (path, status) in
        [("missing", 404), ("web?container=none", 404), ("web?unknown=1", 400), ("web", 200)]
    {
        let answer = admin.gateway(Method::HEAD, &format!("/logs/{path}")).ask().await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{path}");
    }
    let anonymous =
        admin.with_token("no-token-at-all").gateway(Method::HEAD, "/logs/web").ask().await;
    assert_eq!((anonymous.status, anonymous.body.len()), (401, 0));
}

#[tokio::test]
async fn a_log_is_neither_cached_nor_sniffed() {
    let (_pair, admin) = with_web_pod().await;
    for accept in ["application/json", "text/plain"] {
        let answer = ask(&admin, Method::GET, accept).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.headers.contains_key("server"), "{answer:?}");
    }
}
