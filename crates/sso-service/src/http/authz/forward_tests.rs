use actix_web::test::TestRequest;

use crate::test_service::{
    TestService, bearer, site_with_origins, site_with_return_host, through_proxy,
};

const PATH: &str = "/authz/forward";
const REFRESH: &str = "http://127.0.0.1:8001/auth/refresh";
const RETURNING: &str =
    "http://127.0.0.1:8001/auth/refresh?return_to=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc%26d";

async fn service() -> (TestService, String) {
    let mut service = TestService::start().await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
    service.add_user("alice", &["deploy:write"]).await;
    let token = service.log_in("alice").await;
    (service, token)
}

/// The check of a browser's request for a page, as a trusted proxy sends it.
fn browser() -> TestRequest {
    described("https", "app.example.org", "/a?b=c&d")
        .insert_header(("accept", "text/html,*/*;q=0.8"))
}

fn described(scheme: &str, host: &str, target: &str) -> TestRequest {
    let request = TestRequest::get().uri(PATH).insert_header(("x-forwarded-method", "GET"));
    let request = request.insert_header(("x-forwarded-proto", scheme));
    let request = request.insert_header(("x-forwarded-host", host));
    through_proxy(request.insert_header(("x-forwarded-uri", target)))
}

#[actix_web::test]
async fn valid_token_passes() {
    let (service, token) = service().await;
    for request in [
        bearer(browser(), &token),
        browser().insert_header(("cookie", format!("session_id={token}"))),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
        assert_eq!(answer.header("x-auth-user"), "alice");
    }
}

#[actix_web::test]
async fn browser_without_a_session_is_redirected_and_returns() {
    let (service, token) = service().await;
    for request in [
        browser(),
        browser().insert_header(("x-forwarded-method", "HEAD")),
        browser().insert_header(("cookie", "session_id=expired")),
        browser().insert_header(("cookie", format!("session_id=sso_{}", &token[5..]))),
        browser().insert_header(("sec-fetch-mode", "navigate")),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, RETURNING));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
        assert!(!answer.has("x-auth-user"));
    }
}

#[actix_web::test]
async fn other_client_without_a_session_gets_401() {
    let (service, _) = service().await;
    for (name, value) in [
        ("accept", "application/json"),
        ("accept", "*/*"),
        ("accept", "text/html;q=0, */*"),
        ("x-forwarded-method", "POST"),
        ("x-forwarded-method", "get"),
        ("x-forwarded-method", "OPTIONS"),
        ("x-requested-with", "XMLHttpRequest"),
        ("x-requested-with", "xmlhttprequest"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "iframe"),
        // A new session would not help: the cookie does not count beside this header.
        ("authorization", "Basic eDp5"),
        ("authorization", "Bearer sso_unknown"),
    ] {
        let answer = service.send(browser().insert_header((name, value))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (401, ""),
            "{name} {value}"
        );
        assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"sso\""));
    }
    let twice = browser().append_header(("x-forwarded-method", "GET"));
    assert_eq!(service.send(twice).await.status, 401);
}

#[actix_web::test]
async fn redirect_returns_to_allowed_urls_only() {
    let (service, _) = service().await;
    for (scheme, host, target) in [
        ("https", "evil.example", "/"),
        ("javascript", "app.example.org", "/"),
        ("https", "app.example.org@evil.example", "/"),
        ("https", "app.example.org.evil.example", "/"),
        ("https", "app.example.org", "@evil.example/"),
        ("https", "app.example.org", ".evil.example/"),
        ("https", "app.example.org", "evil.example"),
        ("https", "app.example.org:8443", "/"),
        ("https", "evil.example\\app.example.org", "/"),
        ("https", "evil.example#app.example.org", "/"),
        ("https,http", "app.example.org", "/"),
        ("", "", ""),
    ] {
        let request = described(scheme, host, target).insert_header(("accept", "text/html"));
        let answer = service.send(request).await;
        let location = answer.header("location");
        assert_eq!((answer.status.as_u16(), location), (302, REFRESH), "{scheme} {host} {target}");
    }
    let repeated = browser().append_header(("x-forwarded-host", "evil.example"));
    assert_eq!(service.send(repeated).await.header("location"), REFRESH);
}

#[actix_web::test]
async fn headers_of_an_untrusted_peer_do_not_count() {
    let (service, _) = service().await;
    let from = |address: [u8; 4]| browser().peer_addr((address, 1).into());
    for request in [
        from([192, 0, 2, 1]),
        from([192, 0, 2, 1]).insert_header(("x-forwarded-for", "10.0.0.1")),
        from([192, 0, 2, 1]).insert_header(("x-forwarded-method", "POST")),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, REFRESH));
    }
}

#[actix_web::test]
async fn pages_on_the_way_to_a_session_are_not_redirected() {
    let (service, _) = service().await;
    let ask = |target: &str| {
        described("http", "127.0.0.1:8001", target).insert_header(("accept", "text/html"))
    };
    for target in
        ["/login", "/login?return_to=x", "/auth/refresh", "/auth/refresh?x", "/x/../login"]
    {
        for request in [ask(target), ask(target).peer_addr(([192, 0, 2, 1], 1).into())] {
            let answer = service.send(request).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (401, ""), "{target}");
        }
    }
    assert_eq!(service.send(ask("/app")).await.status, 302);
}

#[actix_web::test]
async fn missing_permission_and_malformed_credentials_are_not_redirected() {
    let (service, token) = service().await;
    let cookie = ("cookie", format!("session_id={token}"));
    let other = service.log_in("alice").await;
    let denied = browser().uri("/authz/forward?permission=logs:read").insert_header(cookie.clone());
    let denied = service.send(denied).await;
    assert_eq!((denied.status.as_u16(), denied.header("location")), (403, ""));
    let two = browser().insert_header(("cookie", format!("{}; session_id={other}", cookie.1)));
    let two = service.send(two).await;
    assert_eq!((two.status.as_u16(), two.header("location")), (400, ""));
    let unknown = browser().uri("/authz/forward?x=1").insert_header(cookie);
    assert_eq!(service.send(unknown).await.status, 400);
}

#[actix_web::test]
async fn redirect_leads_to_the_public_url() {
    let (mut service, _) = service().await;
    service.site = site_with_origins("https://sso.example.org", &[]);
    let answer = service.send(browser().insert_header(("host", "evil.example"))).await;
    assert_eq!(answer.header("location"), "https://sso.example.org/auth/refresh");
}

/// The question of Traefik's ForwardAuth: all headers of the client but `Connection`, and its own.
/// The parameters of the client stay in `X-Forwarded-Uri`.
fn by_traefik(client: &[(&'static str, &str)], uri: &str) -> TestRequest {
    let described =
        described("https", "app.example.org", uri).uri("/authz/forward?permission=deploy:write");
    let request = client.iter().fold(described, |request, header| request.append_header(*header));
    request
        .insert_header(("x-forwarded-for", "203.0.113.9"))
        .insert_header(("x-forwarded-port", "443"))
        .insert_header(("x-forwarded-server", "edge-1"))
        .insert_header(("x-real-ip", "203.0.113.9"))
}

#[actix_web::test]
async fn question_of_traefik_is_about_its_client() {
    let (service, token) = service().await;
    service.add_user("bob", &[]).await;
    let (bearer, bob) = (format!("Bearer {token}"), service.log_in("bob").await);
    let bob = format!("session_id={bob}");
    let forged = [("x-auth-user", "root"), ("x-original-url", "https://evil.example/")];
    for (credential, status) in [
        (("authorization", bearer.as_str()), 200),
        (("cookie", bob.as_str()), 403),
        (("cookie", "session_id=x"), 302),
    ] {
        let client = [&forged[..], &[("accept", "text/html"), credential]].concat();
        let uri = "/a?permission=logs:read&permission=x&return_to=https://evil.example";
        let answer = service.send(by_traefik(&client, uri)).await;
        assert_eq!(answer.status, status, "{credential:?}");
        let user = if status == 200 { "alice" } else { "" };
        assert_eq!(answer.header("x-auth-user"), user);
        assert!(!answer.header("location").contains("return_to=https%3A%2F%2Fevil"));
    }
}
