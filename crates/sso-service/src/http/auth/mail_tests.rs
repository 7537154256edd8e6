//! Verification of addresses and forgotten passwords, with a server of mail.

use std::time::Duration;

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use crate::test_service::{Answer, PASSWORD, SmtpSink, TestService};

const NEW: &str = "another horse battery";

async fn post(service: &TestService, path: &str, body: Value) -> Answer {
    service.send(TestRequest::post().uri(path).set_json(body)).await
}

/// A service where Alice has registered, her code, and the server of mail.
async fn registered() -> (TestService, SmtpSink, String) {
    let sink = SmtpSink::start().await;
    let service = TestService::with_mail(sink.port).await;
    let alice = json!({"username": "alice", "password": PASSWORD, "email": "a@example.org"});
    assert_eq!(post(&service, "/auth/register", alice).await.status, 201);
    service.send_mail().await;
    let mail = sink.take_one();
    assert_eq!(mail.to, "a@example.org");
    assert!(mail.text.contains("Subject: Your code for 127.0.0.1"), "{}", mail.text);
    let code = mail.code();
    (service, sink, code)
}

/// The same, and the address is verified.
async fn verified() -> (TestService, SmtpSink) {
    let (service, sink, code) = registered().await;
    assert_eq!(verify(&service, "alice", &code).await.status, 204);
    (service, sink)
}

async fn verify(service: &TestService, name: &str, code: &str) -> Answer {
    post(service, "/auth/verify-email", json!({"username": name, "code": code})).await
}

async fn log_in(service: &TestService, password: &str) -> Answer {
    post(service, "/auth/login", json!({"username": "alice", "password": password})).await
}

async fn forgot(service: &TestService, email: &str) -> Answer {
    post(service, "/auth/password/forgot", json!({"email": email})).await
}

async fn reset(service: &TestService, secret: &str, password: &str) -> Answer {
    let body = json!({"token": secret, "new_password": password});
    post(service, "/auth/password/reset", body).await
}

#[actix_web::test]
async fn a_user_who_registered_logs_in_once_the_address_is_verified() {
    let (service, _sink, code) = registered().await;
    assert_eq!(log_in(&service, PASSWORD).await.problem(), (403, "email_unverified"));
    assert_eq!(log_in(&service, NEW).await.problem(), (401, "invalid_credentials"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = verify(&service, "alice", wrong).await;
    assert_eq!(refused.problem(), (422, "invalid_code"));
    assert_eq!(verify(&service, "alice", &code).await.status, 204);
    let session = log_in(&service, PASSWORD).await.body;
    let token = session["token"].as_str().unwrap();
    let account = service.call(Method::GET, "/auth/user", token, Value::Null).await.body;
    assert_eq!((&account["email"], &account["verified"]), (&json!("a@example.org"), &json!(true)));
    // Users that others have made need not verify anything.
    service.add_user("bob", &[]).await;
    service.log_in("bob").await;
    let kinds = service.audited();
    assert!(kinds.iter().any(|line| line["audit"] == "email_verified"), "{kinds:?}");
    assert!(kinds.iter().any(|line| line["reason"] == "email_unverified"), "{kinds:?}");
}

#[actix_web::test]
async fn registration_needs_an_address_where_it_has_to_be_verified() {
    let sink = SmtpSink::start().await;
    let service = TestService::with_mail(sink.port).await;
    let body = json!({"username": "alice", "password": PASSWORD});
    let answer = post(&service, "/auth/register", body).await;
    assert_eq!(answer.problem(), (422, "invalid_value"));
    assert_eq!(answer.body["errors"][0]["pointer"], "/email");
}

#[actix_web::test]
async fn nothing_tells_whether_a_user_has_an_unverified_address() {
    let (service, sink, _) = registered().await;
    service.clock.advance(Duration::from_secs(120));
    let [known, unknown] = ["alice", "nobody"].map(|name| json!({"username": name}));
    for body in [known, unknown] {
        let answer = post(&service, "/auth/verify-email/send", body).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""));
    }
    service.send_mail().await;
    let code = sink.take_one().code();
    let mut refused = verify(&service, "nobody", &code).await;
    assert_eq!(refused.problem(), (422, "invalid_code"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let mut wrong = verify(&service, "alice", wrong).await;
    for answer in [&mut refused, &mut wrong] {
        answer.body["request_id"].take();
    }
    assert_eq!(refused.body, wrong.body);
}

#[actix_web::test]
async fn a_forgotten_password_is_replaced_by_a_link() {
    let (service, sink) = verified().await;
    let session = log_in(&service, PASSWORD).await.body;
    let token = session["token"].as_str().unwrap();
    for email in ["nobody@example.org", "A@example.org"] {
        let answer = forgot(&service, email).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""));
    }
    service.send_mail().await;
    let secret = sink.take_one().link_secret();
    assert_eq!(service.validate(token).await.status, 200, "nothing has changed yet");
    for (bad, pointer) in [("short", "/new_password"), ("passwordpassword", "/new_password")] {
        let answer = reset(&service, &secret, bad).await;
        assert_eq!(answer.problem(), (422, "invalid_value"));
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(reset(&service, &secret, NEW).await.status, 204);
    assert_eq!(service.validate(token).await.problem(), (401, "invalid_token"));
    assert_eq!(log_in(&service, PASSWORD).await.problem(), (401, "invalid_credentials"));
    assert_eq!(log_in(&service, NEW).await.status, 200);
    for secret in [&*secret, "", "x", &"x".repeat(5000)] {
        let again = reset(&service, secret, PASSWORD).await;
        assert_eq!(again.problem(), (422, "invalid_link"), "{secret}");
    }
    let text = format!("{:?}", service.audited());
    assert!(text.contains("password_reset") && text.contains("reset_link"), "{text}");
    for hidden in [&*secret, "nobody@example.org", NEW, PASSWORD] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

#[actix_web::test]
async fn an_unverified_address_gets_no_link() {
    let (service, sink, _) = registered().await;
    assert_eq!(forgot(&service, "a@example.org").await.status, 204);
    service.send_mail().await;
    assert!(sink.take().is_empty());
}

#[actix_web::test]
async fn no_mail_is_lost_while_the_server_is_down_for_ten_minutes() {
    let (service, sink) = verified().await;
    sink.set_down(true);
    assert_eq!(forgot(&service, "a@example.org").await.status, 204);
    for _ in 0..600 {
        service.send_mail().await;
        service.clock.advance(Duration::from_secs(1));
    }
    assert!(sink.take().is_empty());
    let failed = "mails_failed_total ";
    let metrics = service.metrics.render();
    let count = metrics.split(failed).nth(1).unwrap().lines().next().unwrap();
    assert!((3..=12).contains(&count.parse::<u32>().unwrap()), "{count}: it backs off");
    sink.set_down(false);
    for _ in 0..300 {
        service.send_mail().await;
        service.clock.advance(Duration::from_secs(1));
    }
    let secret = sink.take_one().link_secret();
    assert_eq!(reset(&service, &secret, NEW).await.status, 204);
}

#[actix_web::test]
async fn requests_for_mail_are_limited_per_address_and_do_not_hold_log_ins_back() {
    let (service, _sink) = verified().await;
    for _ in 0..10 {
        assert_eq!(forgot(&service, "a@example.org").await.status, 204);
    }
    let answer = forgot(&service, "a@example.org").await;
    assert_eq!(answer.problem(), (429, "too_many_attempts"));
    assert!(answer.has("retry-after"));
    assert_eq!(forgot(&service, "b@example.org").await.status, 204);
    assert_eq!(log_in(&service, PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn malformed_requests_for_mail_name_their_faults() {
    let (service, _sink, _) = registered().await;
    for (path, body, pointers) in [
        ("/auth/password/forgot", json!({"email": "nobody"}), &["/email"][..]),
        ("/auth/password/reset", json!({}), &["/token", "/new_password"]),
        ("/auth/verify-email", json!({"username": "a b", "code": "12"}), &["/username", "/code"]),
        ("/auth/verify-email/send", json!({"username": 1}), &["/username"]),
    ] {
        let answer = post(&service, path, body).await;
        assert_eq!(answer.problem(), (422, "invalid_value"), "{path}");
        let errors = answer.body["errors"].as_array().unwrap();
        let named: Vec<_> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(named, pointers, "{path}");
    }
}
