//! Request bodies that the authority refuses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Answer, Ask, Pair};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn log_in_with(pair: &Pair, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = pair.anonymous().sso(Method::POST, "/auth/login");
    let request = if content_type.is_empty() {
        request
    } else {
        request.header("content-type", content_type)
    };
    request.body(body).ask().await
}

#[tokio::test]
async fn a_body_of_another_type_is_unsupported() {
    let pair = Pair::start();
    let body = json!({ "username": ADMIN.0, "password": ADMIN.1 }).to_string();
    for content_type in
        ["", "text/plain", "application/xml", "multipart/form-data", "application/jsonx", "json"]
    {
        let answer = log_in_with(&pair, content_type, body.clone()).await;
        answer.check_problem_is(415, "unsupported_media_type");
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(
            log_in_with(&pair, content_type, body.clone()).await.status,
            200,
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large() {
    let pair = Pair::start();
    let body = |length: usize| {
        let body = json!({ "username": ADMIN.0, "password": ADMIN.1 }).to_string();
        body.clone() + &" ".repeat(length - body.len())
    };
    let limit = 64 * 1024;
    assert_eq!(body(limit).len(), limit);
    assert_eq!(log_in_with(&pair, JSON, body(limit)).await.status, 200);
    for length in [limit + 1, 20 * limit] {
        log_in_with(&pair, JSON, body(length)).await.check_problem_is(413, "payload_too_large");
        let form = format!("username={}&password=p&padding={}", ADMIN.0, "x".repeat(length));
        log_in_with(&pair, FORM, form).await.check_problem_is(413, "payload_too_large");
    }
    let validation =
        pair.anonymous().sso(Method::POST, "/auth/validate").header("content-type", JSON);
    validation.body(body(limit + 1)).ask().await.check_problem_is(413, "payload_too_large");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_bad_request() {
    let pair = Pair::start();
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{\"username\":\"a\",}",
        "{'username':'a'}",
        "{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}",
        "{} {}",
        &deep,
    ] {
        log_in_with(&pair, JSON, body.to_owned()).await.check_problem_is(400, "bad_request");
    }
    log_in_with(&pair, JSON, vec![b'"', 0xff, b'"']).await.check_problem_is(400, "bad_request");
    for form in [
        &b"username=a&username=b&password=c"[..],
        b"username=%ff&password=c",
        b"username=\xff&password=c",
    ] {
        log_in_with(&pair, FORM, form.to_vec()).await.check_problem_is(400, "bad_request");
    }
}

#[tokio::test]
async fn a_missing_or_mistyped_member_has_a_pointer() {
    let pair = Pair::start();
    for (content_type, body, pointers) in [
        (JSON, "{}", &["/username", "/password"][..]),
        (JSON, "{\"username\":\"a\"}", &["/password"]),
        (JSON, "{\"username\":1,\"password\":null}", &["/username", "/password"]),
        (JSON, "{\"username\":\"a\",\"password\":[\"b\"]}", &["/password"]),
        (FORM, "", &["/username", "/password"]),
        (FORM, "username=a&passwort=b", &["/password"]),
    ] {
        let answer = log_in_with(&pair, content_type, body).await;
        answer.check_problem_is(422, "invalid_value");
        let errors: Value = answer.json()["errors"].clone();
        let mut named: Vec<_> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        let mut expected = pointers.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{body}");
    }
}

#[tokio::test]
async fn extra_members_of_oauth_clients_are_ignored() {
    let pair = Pair::start();
    let password = ADMIN.1.replace(' ', "%20");
    let form = format!(
        "grant_type=password&scope=&client_id=&client_secret=&username={}&password={password}",
        ADMIN.0
    );
    assert_eq!(log_in_with(&pair, FORM, form).await.status, 200);
}

#[tokio::test]
async fn an_unknown_parameter_of_a_path_is_refused() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    for (method, path) in [
        (Method::POST, "/auth/login"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/auth/validate"),
        (Method::GET, "/auth/session"),
        (Method::GET, "/auth/user"),
    ] {
        let request = admin.sso(method, &format!("{path}?unknown=1")).header("content-type", FORM);
        let answer = request.ask().await;
        answer.check_problem_is(400, "bad_request");
        assert_eq!(answer.json()["errors"][0]["parameter"], "unknown", "{path}");
    }
    assert_eq!(admin.validate().await.status, 200, "no session ended");
}
