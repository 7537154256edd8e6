use actix_web::{http::Method, test::TestRequest};

use crate::test_service::{TestService, bearer, site_with_return_host, through_proxy};

async fn service() -> (TestService, String) {
    let mut service = TestService::start().await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
    service.add_user("alice", &["deploy:write", "logs:read:shop/*"]).await;
    let token = service.log_in("alice").await;
    (service, token)
}

#[actix_web::test]
async fn permission_of_the_prefix_decides_whatever_the_client_sends_after_it() {
    let (service, token) = service().await;
    for (target, expected) in [
        ("-/", (200, "")),
        ("-/any/path?permission=logs:read&permission=x&y", (200, "")),
        ("deploy:write/", (200, "")),
        ("deploy%3Awrite/x", (200, "")),
        ("logs%3Aread%3Ashop%2Fweb/x", (200, "")),
        ("-/%ff%00%0a", (200, "")),
        ("-//evil.example/", (200, "")),
        ("logs%3Aread/", (403, "permission_denied")),
        ("logs%3Aread/../-/x", (403, "permission_denied")),
        ("logs%3Aread/../../envoy/-/x", (403, "permission_denied")),
        ("logs%3Aread/%2e%2e/-/x", (403, "permission_denied")),
        ("logs%3Aread/%2E%2E%2F-/x", (403, "permission_denied")),
        ("logs%3Aread/..%2f-/x", (403, "permission_denied")),
        ("logs%3Aread/..%5c-/x", (403, "permission_denied")),
        ("logs%3Aread/..;/-/x", (403, "permission_denied")),
        ("logs%3Aread/./x?permission=deploy:write", (403, "permission_denied")),
        ("logs%3Aread%3Abank%2Fweb/x", (403, "permission_denied")),
        ("*/x", (422, "invalid_value")),
        ("logs%3Aread%3A%2A%2Fweb/x", (422, "invalid_value")),
        ("%2D/x", (422, "invalid_value")),
        ("/x", (404, "not_found")),
        ("-*/x", (422, "invalid_value")),
        ("deploy%253Awrite/x", (422, "invalid_value")),
        ("%ff/x", (400, "bad_request")),
        ("-", (404, "not_found")),
        ("-?/x", (404, "not_found")),
        ("", (404, "not_found")),
    ] {
        let uri = format!("/authz/envoy/{target}");
        let answer = service.send(bearer(TestRequest::get().uri(&uri), &token)).await;
        assert_eq!(answer.problem(), expected, "{target}");
        assert_eq!(answer.has("x-auth-user"), answer.status == 200, "{target}");
    }
    for uri in
        ["/authz%2Fenvoy/-/x", "/%61uthz/envoy/-/x", "/authz/envoy%2F-/x", "/authz/./envoy/-/"]
    {
        let answer = service.send(bearer(TestRequest::get().uri(uri), &token)).await;
        assert_eq!(answer.status, 404, "{uri}");
    }
}

#[actix_web::test]
async fn every_method_is_answered_alike() {
    let (service, token) = service().await;
    for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
        let method = Method::from_bytes(name.as_bytes()).unwrap();
        let ask = || TestRequest::default().method(method.clone()).uri("/authz/envoy/-/x");
        let allowed = service.send(bearer(ask(), &token)).await;
        assert_eq!((allowed.status.as_u16(), &*allowed.text), (200, ""), "{name}");
        assert_eq!(allowed.header("x-auth-user"), "alice");
        assert_eq!(service.send(ask()).await.status, 401, "{name}");
    }
}

fn page(method: Method) -> TestRequest {
    let request = TestRequest::default().method(method).uri("/authz/envoy/-/a?b=c&d");
    let request =
        request.insert_header(("accept", "text/html")).insert_header(("host", "app.example.org"));
    through_proxy(request.insert_header(("x-forwarded-proto", "https")))
}

#[actix_web::test]
async fn browser_without_a_session_is_redirected_and_returns() {
    let (service, _) = service().await;
    let refresh = "http://127.0.0.1:8001/auth/refresh";
    let returning = format!("{refresh}?return_to=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc%26d");
    for (request, expected) in [
        (page(Method::GET), (302, &*returning)),
        (page(Method::HEAD), (302, &*returning)),
        (page(Method::GET).peer_addr(([192, 0, 2, 1], 1).into()), (302, refresh)),
        (page(Method::GET).insert_header(("x-forwarded-host", "evil.example")), (302, refresh)),
        (page(Method::GET).insert_header(("host", "evil.example")), (302, refresh)),
        (page(Method::POST), (401, "")),
        (page(Method::GET).insert_header(("accept", "*/*")), (401, "")),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), expected);
    }
}

/// The question of Envoy: the client's method, `Host` and target behind the prefix, and the headers
/// that are allowed. The length of the body is given, the body is not sent.
#[actix_web::test]
async fn question_of_envoy_is_about_its_client() {
    let (service, token) = service().await;
    let ask = |target: &str, credential: (&'static str, String)| {
        let uri = format!("/authz/envoy/deploy%3Awrite{target}");
        let request = TestRequest::post().uri(&uri).insert_header(("content-length", "0"));
        let request = request.insert_header(("host", "app.example.org"));
        let request = request.insert_header(("x-forwarded-proto", "https"));
        let request = request.insert_header(("x-envoy-internal", "true"));
        through_proxy(request.insert_header(("x-auth-user", "root")).insert_header(credential))
    };
    let cookie = |token: &str| ("cookie", format!("session_id={token}"));
    for (target, credential, expected) in [
        (
            "/a?permission=logs:read&x=1",
            ("authorization", format!("Bearer {token}")),
            (200, "alice"),
        ),
        ("/%2e%2e/-/a", cookie(&token), (200, "alice")),
        ("/a?session_id=x&token=y", cookie("x"), (401, "")),
        ("/a", ("x-session", token.clone()), (401, "")),
        // An asterisk, and a URL whose path is not what Envoy matched.
        ("*", cookie(&token), (404, "")),
        ("", cookie(&token), (404, "")),
    ] {
        let answer = service.send(ask(target, credential)).await;
        let outcome = (answer.status.as_u16(), answer.header("x-auth-user"));
        assert_eq!(outcome, expected, "{target}");
    }
}
