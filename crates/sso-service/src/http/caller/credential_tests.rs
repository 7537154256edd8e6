//! Cookies as credentials.

use std::time::Duration;

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;
use shared_types::{TokenKind, encode_token};

use crate::test_service::{Answer, PASSWORD, TestService};

/// Both tokens of a new session.
async fn log_in(service: &TestService, name: &str) -> (String, String) {
    let credentials = json!({"username": name, "password": PASSWORD});
    let request = TestRequest::post().uri("/auth/login").set_json(credentials);
    let body = service.send(request).await.body;
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("token"), text("refresh_token"))
}

async fn service() -> TestService {
    let service = TestService::start().await;
    for name in ["alice", "mallory"] {
        service.add_user(name, &[]).await;
    }
    service
}

async fn ask(service: &TestService, method: Method, path: &str, cookies: &[String]) -> Answer {
    let request = TestRequest::default().method(method).uri(path);
    let request = request.insert_header(("sec-fetch-site", "same-origin"));
    service.send(request.insert_header(("cookie", cookies.join("; ")))).await
}

fn session(token: &str) -> String {
    format!("session_id={token}")
}

fn refresh(token: &str) -> String {
    format!("refresh_token={token}")
}

#[actix_web::test]
async fn stale_and_foreign_cookies_of_the_same_name_do_not_hide_the_live_one() {
    let service = service().await;
    let (live, _) = log_in(&service, "alice").await;
    let stale = session(&encode_token(TokenKind::Session, &[7; 32]));
    let (live, foreign) = (session(&live), session("a b"));
    let both = [stale.clone(), live.clone()];
    for cookies in
        [[stale.clone(), live.clone(), foreign.clone()], [foreign.clone(), stale.clone(), live]]
    {
        let answer = ask(&service, Method::GET, "/auth/user", &cookies).await;
        assert_eq!(answer.body["username"], "alice", "{cookies:?}");
        assert_eq!(ask(&service, Method::GET, "/login", &cookies).await.status, 303);
    }
    let none = ask(&service, Method::GET, "/auth/user", &[stale, foreign]).await;
    assert_eq!(none.problem(), (401, "invalid_token"));
    assert_eq!(ask(&service, Method::POST, "/auth/logout", &both).await.status, 204);
    let ended = ask(&service, Method::GET, "/auth/user", &both).await;
    assert_eq!(ended.problem(), (401, "invalid_token"));
}

#[actix_web::test]
async fn cookies_of_two_live_sessions_are_refused_and_nothing_is_set() {
    let service = service().await;
    let (mine, planted) = (log_in(&service, "alice").await, log_in(&service, "mallory").await);
    let sessions = [session(&planted.0), session(&mine.0)];
    for (method, path) in [
        (Method::GET, "/auth/user"),
        (Method::POST, "/auth/validate"),
        (Method::POST, "/auth/logout"),
        (Method::DELETE, "/auth/sessions"),
        (Method::GET, "/account"),
        (Method::GET, "/login"),
        (Method::POST, "/logout"),
    ] {
        let answer = ask(&service, method, path, &sessions).await;
        assert_eq!(answer.problem(), (400, "duplicate_cookie"), "{path}");
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    let refreshes = [refresh(&planted.1), refresh(&mine.1)];
    for method in [Method::GET, Method::POST] {
        let answer = ask(&service, method, "/auth/refresh", &refreshes).await;
        assert_eq!(answer.problem(), (400, "duplicate_cookie"));
        assert_eq!(answer.header("set-cookie"), "");
    }
    for token in [&mine.0, &planted.0] {
        assert_eq!(service.validate(token).await.status, 200);
    }
}

#[actix_web::test]
async fn two_live_tokens_of_one_session_are_one_credential() {
    let service = service().await;
    let (first, token) = log_in(&service, "alice").await;
    let renewed = ask(&service, Method::POST, "/auth/refresh", &[refresh(&token)]).await;
    let second = renewed.body["token"].as_str().unwrap();
    let both = [session(&first), session(second)];
    assert_eq!(ask(&service, Method::GET, "/auth/user", &both).await.status, 200);
}

#[actix_web::test]
async fn a_dead_refresh_cookie_neither_hides_the_live_one_nor_ends_its_session() {
    let service = service().await;
    let (_, spent) = log_in(&service, "alice").await;
    let renewed = ask(&service, Method::POST, "/auth/refresh", &[refresh(&spent)]).await;
    let live = renewed.body["refresh_token"].as_str().unwrap();
    let (_, ended) = log_in(&service, "mallory").await;
    let mallory = "UPDATE users SET disabled = 1 WHERE username = 'mallory'";
    service.execute(mallory).await;
    service.clock.advance(Duration::from_secs(60));
    let unknown = encode_token(TokenKind::Refresh, &[7; 32]);
    let cookies = [refresh(&spent), refresh(&unknown), refresh(&ended), refresh(live)];
    let answer = ask(&service, Method::POST, "/auth/refresh", &cookies).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body["username"], "alice");
}

#[actix_web::test]
async fn more_cookies_of_one_name_than_are_looked_at_are_refused() {
    let service = service().await;
    let (live, _) = log_in(&service, "alice").await;
    let cookies = ["1", "2", "3", &live, "4"].map(session);
    let answer = ask(&service, Method::GET, "/auth/user", &cookies[..4]).await;
    assert_eq!(answer.status, 200);
    let answer = ask(&service, Method::GET, "/auth/user", &cookies).await;
    assert_eq!(answer.problem(), (400, "duplicate_cookie"));
}
