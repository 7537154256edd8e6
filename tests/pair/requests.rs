//! Rules for every request to either service.

use std::net::SocketAddr;

use reqwest::Method;

use crate::harness::{Answer, Ask, Pair, RawRequest, exchange};

async fn with_request_id(address: SocketAddr, path: &str, id: &[u8]) -> Answer {
    RawRequest::new("GET", path).header("x-request-id", id).send(address).await
}

#[tokio::test]
async fn a_valid_request_id_is_kept() {
    let pair = Pair::start();
    let longest = "x".repeat(128);
    for (address, path) in [
        (pair.gateway.listening(), "/pods"),
        (pair.gateway.listening(), "/nothing"),
        (pair.sso.listening(), "/auth/session"),
        (pair.sso.listening(), "/auth/login"),
    ] {
        for id in ["a", "01a1fc79-d574-792d-8499-273f172270ba", "!\"#$%&'()*+,;=~", &longest] {
            let answer = with_request_id(address, path, id.as_bytes()).await;
            assert_eq!(answer.request_id(), id, "{path}");
        }
    }
}

#[tokio::test]
async fn an_invalid_request_id_is_replaced() {
    let pair = Pair::start();
    let too_long = "x".repeat(129);
    for address in [pair.gateway.listening(), pair.sso.listening()] {
        for id in [&b""[..], b"two words", b"t\tab", b"\xc3\xa4", too_long.as_bytes()] {
            let answer = with_request_id(address, "/nothing", id).await;
            check_is_uuid_v7(answer.request_id());
        }
    }
    let (one, other) = (pair.anonymous().pods().await, pair.anonymous().pods().await);
    check_is_uuid_v7(one.request_id());
    assert_ne!(one.request_id(), other.request_id());
}

fn check_is_uuid_v7(id: &str) {
    let parts: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
    assert_eq!(id.as_bytes()[14], b'7', "{id}");
    let is_hex = |byte: u8| byte == b'-' || byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    assert!(id.bytes().all(is_hex), "{id}");
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let pair = Pair::start();
    let anonymous = pair.anonymous();
    for path in ["/nothing", "/auth", "/auth/log", "/auth/login/", "/logs/a/b/c", "/pods/", "/%ff"]
    {
        anonymous.sso(Method::GET, path).ask().await.check_problem_is(404, "not_found");
        anonymous.gateway(Method::GET, path).ask().await.check_problem_is(404, "not_found");
    }
}

#[tokio::test]
async fn an_unsupported_method_gets_the_allowed_ones() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
    for method in methods {
        for (path, allow) in [
            ("/auth/login", "POST"),
            ("/auth/logout", "POST"),
            ("/auth/validate", "POST"),
            ("/auth/session", "GET, HEAD"),
            ("/auth/user", "GET, HEAD"),
        ] {
            if !allow.contains(method.as_str()) {
                let answer = admin.sso(method.clone(), path).ask().await;
                answer.check_problem_is(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), allow, "{method} {path}");
            }
        }
        for path in ["/pods", "/logs/web", "/logs/default/web"] {
            if method != Method::GET {
                let answer = admin.gateway(method.clone(), path).ask().await;
                answer.check_problem_is(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), "GET, HEAD", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    let pair = Pair::start();
    for address in [pair.gateway.listening(), pair.sso.listening()] {
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello in TLS\r\n\r\n"[..],
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
            b"POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        ] {
            let answer = exchange(address, bytes).await;
            let text = String::from_utf8_lossy(&answer);
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 400"), "{text}");
        }
    }
    let admin = pair.admin().await;
    assert_eq!(admin.pods().await.status, 200);
}
