//! Scripts of other origins (CORS): those of `SSO_ALLOWED_ORIGINS` may call `/auth/*` with cookies
//! and read the answers, errors included. Every origin may read what needs no credential of a
//! browser: the OpenAPI document, the documents below `/.well-known/`, tokens in exchange for
//! others, and the claims that an access token gives.

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
            HeaderMap, HeaderValue, ORIGIN, VARY,
        },
    },
    middleware::Next,
    web::Data,
};

use crate::site::Site;

/// The headers of answers that scripts may read.
const EXPOSED_HEADERS: &str = "X-Request-Id, Retry-After, WWW-Authenticate";
/// The methods and headers that scripts may send: those that `/auth/*` reads, and the mark that
/// libraries such as Swagger UI add to their requests.
const ALLOWED_METHODS: &str = "GET, POST, DELETE";
const ALLOWED_HEADERS: &str =
    "Authorization, Content-Type, X-Request-Id, Traceparent, X-Requested-With";
/// How long a browser may cache the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";

/// The middleware for sites with allowed origins. It answers preflights itself.
pub(super) async fn share(
    site: Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.path().starts_with("/auth/") {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let origin = request.headers().get(ORIGIN).filter(|from| site.allows(from.as_bytes())).cloned();
    let mut response = if origin.is_some() && is_preflight(&request) {
        request.into_response(preflight())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    add_headers(response.headers_mut(), origin);
    Ok(response)
}

/// The middleware for paths that read no cookie and that every origin may call, without credentials
/// of the browser. It answers preflights itself.
pub(super) async fn share_openly(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_open = is_open_to_every_origin(request.path());
    let mut response = if is_open && is_preflight(&request) {
        request.into_response(preflight())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    if is_open {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
    Ok(response)
}

fn is_open_to_every_origin(path: &str) -> bool {
    matches!(path, "/oauth/token" | "/oauth/userinfo" | "/openapi.json")
        || path.starts_with("/.well-known/")
}

fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

/// Adds `Vary` also without an allowed origin, so that a cache does not mix up the two answers.
fn add_headers(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::Method, test::TestRequest};

    use crate::test_service::{Answer, PASSWORD, TestService, site, site_with_origins};

    const APP: &str = "https://app.example.org";

    async fn service() -> TestService {
        let mut service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service.site = site_with_origins("https://sso.example.org", &[APP]);
        service
    }

    fn from(origin: &str, request: TestRequest) -> TestRequest {
        request.insert_header(("origin", origin))
    }

    fn preflight(path: &str) -> TestRequest {
        let request = TestRequest::default().method(Method::OPTIONS).uri(path);
        request.insert_header(("access-control-request-method", "POST"))
    }

    #[track_caller]
    fn check_shared(answer: &Answer) {
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        let exposed = "X-Request-Id, Retry-After, WWW-Authenticate";
        assert_eq!(answer.header("access-control-expose-headers"), exposed);
        assert_eq!(answer.header("vary"), "Origin");
        assert_ne!(answer.header("x-request-id"), "");
    }

    #[actix_web::test]
    async fn every_origin_may_call_what_reads_no_cookie() {
        let service = service().await;
        let get = |path: &str| TestRequest::get().uri(path);
        for (request, status) in [
            (get("/.well-known/jwks.json"), 200),
            (get("/.well-known/openid-configuration"), 200),
            (get("/.well-known/nothing"), 404),
            (get("/openapi.json"), 200),
            (TestRequest::post().uri("/oauth/token"), 415),
            (preflight("/oauth/token"), 204),
            (preflight("/.well-known/jwks.json"), 204),
        ] {
            let answer = service.send(from("https://any.example", request)).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            check_not_shared(&service.send(from(APP, preflight(path))).await, "");
            check_not_shared(&service.send(from(APP, TestRequest::post().uri(path))).await, "");
        }
    }

    #[track_caller]
    fn check_not_shared(answer: &Answer, vary: &str) {
        for name in ["origin", "credentials", "methods", "headers"] {
            assert_eq!(answer.header(&format!("access-control-allow-{name}")), "", "{name}");
        }
        assert_eq!(answer.header("vary"), vary);
    }

    #[actix_web::test]
    async fn an_allowed_origin_may_send_a_preflight() {
        let answer = service().await.send(from(APP, preflight("/auth/login"))).await;
        assert_eq!(answer.status, 204);
        check_shared(&answer);
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, DELETE");
        let headers = "Authorization, Content-Type, X-Request-Id, Traceparent, X-Requested-With";
        assert_eq!(answer.header("access-control-allow-headers"), headers);
        assert_eq!(answer.header("access-control-max-age"), "600");
    }

    #[actix_web::test]
    async fn an_allowed_origin_reads_answers_and_errors() {
        let service = service().await;
        let credentials = |password: &str| {
            let body = serde_json::json!({"username": "alice", "password": password});
            from(APP, TestRequest::post().uri("/auth/login").set_json(body))
        };
        for (request, status) in [
            (credentials(PASSWORD), 200),
            (credentials("wrong"), 401),
            (from(APP, TestRequest::get().uri("/auth/user")), 401),
            (from(APP, TestRequest::get().uri("/auth/user?x=1")), 400),
            (from(APP, TestRequest::get().uri("/auth/login")), 405),
            (from(APP, TestRequest::get().uri("/auth/nothing")), 404),
        ] {
            let answer = service.send(request).await;
            assert_eq!(answer.status, status);
            check_shared(&answer);
        }
    }

    #[actix_web::test]
    async fn other_origins_get_no_permission() {
        let service = service().await;
        for origin in [
            "https://evil.example",
            "https://sso.example.org",
            "https://app.example.org:8443",
            "https://app.example.org/",
            "https://APP.example.org",
            "http://app.example.org",
            "null",
        ] {
            let answer = service.send(from(origin, preflight("/auth/login"))).await;
            assert_eq!(answer.problem(), (405, "method_not_allowed"), "{origin}");
            check_not_shared(&answer, "Origin");
            let asked = service.send(from(origin, TestRequest::get().uri("/auth/user"))).await;
            check_not_shared(&asked, "Origin");
        }
    }

    #[actix_web::test]
    async fn without_an_origin_the_answer_still_varies() {
        let answer = service().await.send(TestRequest::get().uri("/auth/user")).await;
        check_not_shared(&answer, "Origin");
    }

    #[actix_web::test]
    async fn paths_without_cors_are_not_shared() {
        let service = service().await;
        for path in ["/login", "/auth", "/authx/y", "/"] {
            check_not_shared(&service.send(from(APP, preflight(path))).await, "");
            check_not_shared(&service.send(from(APP, TestRequest::get().uri(path))).await, "");
        }
    }

    #[actix_web::test]
    async fn without_allowed_origins_nothing_is_shared() {
        let mut service = service().await;
        service.site = site("https://sso.example.org");
        check_not_shared(&service.send(from(APP, preflight("/auth/login"))).await, "");
    }
}
