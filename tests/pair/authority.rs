//! An unavailable authority: the gateway answers 503 quickly, and asks no caller to log in.

mod several;

use std::time::{Duration, Instant};

use crate::harness::{
    ActiveAnswer, Answer, Caller, FakeAuthority, Pair, RawRequest, Reply, Setup, WELL_FORMED_TOKEN,
    cri, dead_address,
};

const TIMEOUT: Duration = Duration::from_secs(1);
/// The tolerance beyond the deadline of an answer, on a busy machine.
const MARGIN: Duration = Duration::from_secs(2);

fn impatient() -> Setup {
    Setup::new().gateway("GATEWAY_SSO_TIMEOUT", "1s")
}

/// A pair with a pod `default/web`, whose gateway asks the given authority.
fn asking(url: &str) -> Pair {
    let pair = impatient().gateway("GATEWAY_SSO_URL", url).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    pair
}

fn any_caller(pair: &Pair) -> Caller {
    pair.anonymous().with_token(WELL_FORMED_TOKEN)
}

fn good() -> Reply {
    ActiveAnswer::of("logs:read").reply()
}

async fn check_unavailable(caller: &Caller, why: &str) {
    let asked = Instant::now();
    for answer in [caller.logs("web").await, caller.pods().await] {
        check_is_unavailable(&answer, why);
    }
    assert!(asked.elapsed() < 2 * (TIMEOUT + MARGIN), "{why}: {:?}", asked.elapsed());
}

fn check_is_unavailable(answer: &Answer, why: &str) {
    assert_eq!(answer.problem(), (503, "sso_unavailable".to_owned()), "{why}: {answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1, "{why}");
    assert_eq!(answer.challenge(), None, "{why}");
    assert!(!answer.headers.contains_key("set-cookie"), "{why}");
    assert!(!answer.headers.contains_key("location"), "{why}");
}

#[tokio::test]
async fn a_killed_authority_is_503_until_it_is_back() {
    // An address of its own, so that no other process takes the port during the outage.
    let mut pair = impatient().sso("SSO_LISTEN", "127.0.0.2:0").start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.status, 200);
    pair.sso.kill();
    check_unavailable(&admin, "killed").await;
    pair.start_sso_again();
    assert_eq!(pair.admin().await.logs("web").await.log(), "hello\n");
}

#[tokio::test]
async fn a_paused_authority_is_503_until_it_goes_on() {
    let pair = impatient().start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    pair.sso.pause().await;
    check_unavailable(&admin, "paused").await;
    pair.sso.resume();
    assert_eq!(admin.logs("web").await.log(), "hello\n");
}

#[tokio::test]
async fn an_authority_that_shuts_down_is_503() {
    let mut pair = impatient().start();
    let admin = pair.admin().await;
    assert_eq!(admin.pods().await.status, 200);
    pair.sso.stop();
    check_unavailable(&admin, "stopped").await;
}

#[tokio::test]
async fn an_unreachable_authority_is_503() {
    let pair = asking(&format!("http://{}", dead_address()));
    check_unavailable(&any_caller(&pair), "refused").await;
}

#[tokio::test]
async fn an_answer_without_a_clear_decision_is_503() {
    let good_body = || ActiveAnswer::of("logs:read");
    let large = good_body().with("padding", "x".repeat(64 * 1024)).reply();
    let cases = [
        ("no HTTP", Reply::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec())),
        ("nothing", Reply::Nothing),
        ("an empty answer", Reply::Bytes(Vec::new())),
        ("hangs up", Reply::HangUp),
        ("half a head", Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
        (
            "half a body",
            Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"s".to_vec()),
        ),
        ("a slow body", Reply::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n".to_vec())),
        ("a slow head", Reply::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec())),
        ("an empty 200", Reply::http(200, "", "")),
        ("a page", Reply::http(200, "content-type: text/html\r\n", "<html>log in</html>")),
        ("a list", Reply::http(200, "content-type: application/json\r\n", "[]")),
        ("half of the JSON", Reply::http(200, "", "{\"success\":true,\"authorized\":")),
        ("204", Reply::http(204, "", "")),
        ("201", with_status(201)),
        ("302", with_status(302)),
        ("400", with_status(400)),
        ("404", with_status(404)),
        ("407", with_status(407)),
        ("429", with_status(429)),
        ("500", with_status(500)),
        ("502", Reply::http(502, "content-type: text/html\r\n", "<html>bad gateway</html>")),
        ("503", with_status(503)),
        ("authorized: false", good_body().with("authorized", false).reply()),
        ("authorized: text", good_body().with("authorized", "true").reply()),
        ("authorized missing", good_body().without("authorized").reply()),
        ("success: false", good_body().with("success", false).reply()),
        ("success missing", good_body().without("success").reply()),
        ("username empty", good_body().with("username", "").reply()),
        ("username missing", good_body().without("username").reply()),
        ("permissions missing", good_body().without("permissions").reply()),
        ("permissions: text", good_body().with("permissions", "*").reply()),
        ("expired", good_body().with("expires_at", "2020-01-01T00:00:00Z").reply()),
        ("expires_at: nonsense", good_body().with("expires_at", "soon").reply()),
        ("expires_at missing", good_body().without("expires_at").reply()),
        ("over 64 KiB", large),
    ];
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    let caller = any_caller(&pair);
    for (why, reply) in cases {
        authority.answer(reply);
        check_unavailable(&caller, why).await;
        authority.answer(good());
        assert_eq!(caller.logs("web").await.status, 200, "after {why}");
    }
}

/// A good body under another status.
fn with_status(status: u16) -> Reply {
    let Reply::Bytes(bytes) = good() else { unreachable!("it is bytes") };
    let text = String::from_utf8(bytes).unwrap();
    Reply::Bytes(text.replacen("200", &status.to_string(), 1).into_bytes())
}

#[tokio::test]
async fn a_401_of_the_authority_is_passed_on() {
    let authority = FakeAuthority::start(with_status(401)).await;
    let pair = asking(&authority.url());
    let caller = any_caller(&pair);
    caller.logs("web").await.check_problem_is(401, "invalid_token");
    authority.answer(with_status(403));
    caller.logs("web").await.check_problem_is(403, "permission_denied");
    authority.answer(good());
    assert_eq!(caller.logs("web").await.status, 200);
}

#[tokio::test]
async fn unknown_members_of_an_answer_are_ignored() {
    let answer = ActiveAnswer::of("logs:read").with("mood", "cheerful");
    let answer = answer.with("permissions", vec!["logs:read", "of:a.kind/unknown:here"]);
    let authority = FakeAuthority::start(answer.with("session_id", ()).reply()).await;
    let pair = asking(&authority.url());
    assert_eq!(any_caller(&pair).logs("web").await.status, 200);
}

#[tokio::test]
async fn the_authority_gets_only_the_token_the_request_id_and_the_trace() {
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = RawRequest::new("GET", "/logs/web?tail=1")
        .bearer(WELL_FORMED_TOKEN)
        .header("X-Request-Id", "from-the-caller-1")
        .header("traceparent", trace)
        .header("tracestate", "vendor=1")
        .header("Cookie", "session_id=stolen; refresh_token=stolen")
        .header("X-Forwarded-For", "203.0.113.9")
        .header("X-Auth-User", "root")
        .header("User-Agent", "curl/8")
        .send(pair.gateway.listening())
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.request_id(), "from-the-caller-1");

    let [asked] = &authority.asked()[..] else { panic!("asked {:?}", authority.asked()) };
    assert_eq!(asked.line, "POST /auth/validate HTTP/1.1");
    assert_eq!(asked.body, b"");
    assert_eq!(asked.header("authorization"), format!("Bearer {WELL_FORMED_TOKEN}"));
    assert_eq!(asked.header("x-request-id"), "from-the-caller-1");
    let passed_on = asked.header("traceparent");
    assert_eq!(passed_on[..36], trace[..36], "the same trace");
    assert_ne!(passed_on[36..52], trace[36..52], "a span of its own");
    let told = ["authorization", "x-request-id", "traceparent"];
    let technical = ["host", "accept", "content-length", "user-agent", "connection"];
    for (name, value) in &asked.headers {
        let is_known = told.contains(&name.as_str()) || technical.contains(&name.as_str());
        assert!(is_known, "{name}: {value}");
        assert_ne!(value, "curl/8", "{name}");
    }
}

#[tokio::test]
async fn every_request_is_validated_anew() {
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    let caller = any_caller(&pair);
    for asked in 1..=3 {
        assert_eq!(caller.logs("web").await.status, 200);
        assert_eq!(authority.asked().len(), asked);
    }
}

#[tokio::test]
async fn a_malformed_token_is_refused_without_asking() {
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    let mistyped = format!("{}x", &WELL_FORMED_TOKEN[..WELL_FORMED_TOKEN.len() - 1]);
    for token in [mistyped.as_str(), "someone-elses-token", "sso_short"] {
        let answer = pair.anonymous().with_token(token).logs("web").await;
        answer.check_problem_is(401, "invalid_token");
    }
    assert_eq!(pair.anonymous().logs("web").await.status, 401);
    assert!(authority.asked().is_empty(), "{:?}", authority.asked());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = FakeAuthority::start(good()).await;
    let location = format!("location: {}/auth/validate\r\n", elsewhere.url());
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    for status in [301, 302, 303, 307, 308] {
        authority.answer(Reply::http(status, &location, ""));
        check_unavailable(&any_caller(&pair), "redirect").await;
    }
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used() {
    let proxy = FakeAuthority::start(Reply::http(502, "", "")).await;
    let authority = FakeAuthority::start(good()).await;
    let mut setup = impatient().gateway("GATEWAY_SSO_URL", &authority.url());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        setup = setup.gateway(name, &proxy.url());
    }
    let pair = setup.start();
    pair.logs.write("default", "web", cri(&["hello"]));
    assert_eq!(any_caller(&pair).logs("web").await.status, 200);
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[tokio::test]
async fn an_authority_may_live_below_a_path() {
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&format!("{}/sso/", authority.url()));
    assert_eq!(any_caller(&pair).logs("web").await.status, 200);
    assert_eq!(authority.asked()[0].line, "POST /sso/auth/validate HTTP/1.1");
}

#[tokio::test]
async fn a_connection_closed_by_the_authority_is_not_a_failure() {
    // Every answer closes its connection, at any moment before the gateway would reuse it.
    let authority = FakeAuthority::start(good()).await;
    let pair = asking(&authority.url());
    let caller = any_caller(&pair);
    for _ in 0..50 {
        assert_eq!(caller.pods().await.status, 200);
    }
}
