use actix_web::test::TestRequest;

use crate::test_service::{Answer, TestService, bearer, site_with_return_host, through_proxy};

const PATH: &str = "/authz/nginx";

async fn service() -> (TestService, String) {
    let mut service = TestService::start().await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
    service.add_user("alice", &["logs:read:shop/*", "deploy:write"]).await;
    let token = service.log_in("alice").await;
    (service, token)
}

#[track_caller]
fn check_identity(answer: &Answer, expected: [&str; 4]) {
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
    assert_eq!(answer.header("cache-control"), "no-store");
    for (name, value) in ["user", "user-id", "roles", "permissions"].into_iter().zip(expected) {
        let name = format!("x-auth-{name}");
        assert!(answer.has(&name), "{name}");
        assert_eq!(answer.header(&name), value, "{name}");
    }
}

#[actix_web::test]
async fn valid_token_gives_the_whole_identity_and_an_empty_body() {
    let (service, token) = service().await;
    let id = service.validate(&token).await.body["user_id"].as_str().unwrap().to_owned();
    let expected = ["alice", &id, "user", "deploy:write,logs:read:shop/*"];
    let with_header = bearer(TestRequest::get().uri(PATH), &token);
    check_identity(&service.send(with_header).await, expected);
    let cookie = ("cookie", format!("session_id={token}"));
    let foreign = TestRequest::get().uri(PATH).insert_header(cookie);
    let foreign = foreign.insert_header(("sec-fetch-site", "cross-site"));
    check_identity(&service.send(foreign).await, expected);
}

#[actix_web::test]
async fn identity_without_roles_or_permissions_has_empty_headers() {
    let (service, _) = service().await;
    service.add_user("bob", &[]).await;
    service.execute("DELETE FROM user_roles").await;
    let token = service.log_in("bob").await;
    let id = service.validate(&token).await.body["user_id"].as_str().unwrap().to_owned();
    let answer = service.send(bearer(TestRequest::get().uri(PATH), &token)).await;
    check_identity(&answer, ["bob", &id, "", ""]);
    let key = service.add_key("robot", "logs:read").await;
    let id = service.validate(&key).await.body["user_id"].as_str().unwrap().to_owned();
    let answer = service.send(bearer(TestRequest::get().uri(PATH), &key)).await;
    check_identity(&answer, ["key:robot", &id, "", "logs:read"]);
}

#[actix_web::test]
async fn required_permission_decides() {
    let (service, token) = service().await;
    for (query, expected) in [
        ("permission=deploy:write", (200, "")),
        ("permission=logs:read:shop/web", (200, "")),
        ("permission=logs%3Aread%3Ashop%2Fweb", (200, "")),
        ("permission=logs:read", (403, "permission_denied")),
        ("permission=logs:read:bank/web", (403, "permission_denied")),
        ("permission=deploy:write&permission=logs:read", (400, "bad_request")),
        ("permission=deploy:write&permission=deploy:write", (400, "bad_request")),
        ("scope=deploy:write", (400, "bad_request")),
        ("permission=logs:read:*/*", (422, "invalid_value")),
        ("permission=", (422, "invalid_value")),
    ] {
        let uri = format!("{PATH}?{query}");
        let answer = service.send(bearer(TestRequest::get().uri(&uri), &token)).await;
        assert_eq!(answer.problem(), expected, "{query}");
        assert_eq!(answer.has("x-auth-user"), answer.status == 200, "{query}");
    }
}

#[actix_web::test]
async fn refused_credential_is_401_with_the_log_in_page() {
    let (service, token) = service().await;
    let two = format!("session_id={token}; session_id={}", service.log_in("alice").await);
    for (name, value, code) in [
        ("accept", "*/*", "not_authenticated"),
        ("authorization", "Basic eDp5", "not_authenticated"),
        ("authorization", "Bearer sso_unknown", "invalid_token"),
        ("authorization", "Bearer ", "invalid_request"),
        ("cookie", "session_id=unknown", "invalid_token"),
        ("cookie", &two, "duplicate_cookie"),
    ] {
        let request = TestRequest::get().uri(PATH).insert_header((name, value));
        let answer = service.send(request).await;
        assert_eq!(answer.problem(), (401, code), "{name} {value}");
        assert_eq!(answer.header("location"), "http://127.0.0.1:8001/login", "{name} {value}");
    }
}

#[actix_web::test]
async fn login_page_returns_to_the_url_of_a_trusted_proxy() {
    let (service, _) = service().await;
    let returning = |url: &str| {
        let query = [("return_to", url)];
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("http://127.0.0.1:8001/login?{query}")
    };
    let original = "https://app.example.org/a?b=c&d";
    let plain = || "http://127.0.0.1:8001/login".to_owned();
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "app.example.org")];
    for (headers, expected) in [
        (vec![("x-original-url", original)], returning(original)),
        ([&forwarded[..], &[("x-original-uri", "/a?b=c&d")]].concat(), returning(original)),
        ([&forwarded[..], &[("x-forwarded-uri", "/a?b=c&d")]].concat(), returning(original)),
        (forwarded.to_vec(), plain()),
        (vec![("x-original-url", "https://evil.example/")], plain()),
        (vec![("x-original-url", "//evil.example/")], plain()),
        ([&forwarded[..], &[("x-original-uri", "@evil.example/")]].concat(), plain()),
        ([&forwarded[..], &[("x-original-uri", ".evil.example/")]].concat(), plain()),
    ] {
        let ask = || headers.iter().fold(TestRequest::get().uri(PATH), |r, h| r.append_header(*h));
        let answer = service.send(through_proxy(ask())).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (401, &*expected));
        let untrusted = service.send(ask()).await;
        assert_eq!(untrusted.header("location"), plain(), "{headers:?}");
    }
}

#[actix_web::test]
async fn ended_session_is_refused_at_once() {
    let (service, token) = service().await;
    let ask = || bearer(TestRequest::get().uri(PATH), &token);
    assert_eq!(service.send(ask()).await.status, 200);
    let log_out = bearer(TestRequest::post().uri("/auth/logout"), &token);
    assert_eq!(service.send(log_out).await.status, 204);
    assert_eq!(service.send(ask()).await.problem(), (401, "invalid_token"));
    let spent = TestRequest::get().uri(PATH).insert_header(("x-auth-user", "root"));
    assert_eq!(service.send(spent).await.status, 401);
}
