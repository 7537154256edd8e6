//! An authority that fails, and one that stops: unavailable, and never anything else.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    example::Installed,
    harness::{ActiveAnswer, FakeAuthority, Pair, Reply, WELL_FORMED_TOKEN},
    server::{Answer, Server},
};

/// Two seconds for the authority, the rest for a machine that has much else to do.
const BOUND: Duration = Duration::from_secs(6);

fn unavailable(retry_after: &str) -> Answer {
    Answer { status: 503, challenge: None, retry_after: Some(retry_after.to_owned()), hello: None }
}

/// Each failure in turn, of one authority, with a well-formed token. It works before and after.
pub(crate) fn check_failures(runtime: &Runtime, installed: &Installed) {
    runtime.block_on(async {
        let elsewhere = FakeAuthority::start(ActiveAnswer::of("reports:read").reply()).await;
        let authority = FakeAuthority::start(Reply::Nothing).await;
        let server = Server::start(installed, &authority.url());
        for (name, reply, retry_after) in failures(&elsewhere.url()) {
            authority.answer(ActiveAnswer::of("reports:read").reply());
            assert_eq!(ask(&server).await.hello.as_deref(), Some("alice"), "before: {name}");
            authority.answer(reply);
            assert_eq!(ask(&server).await, unavailable(retry_after), "{name}");
        }
        assert_eq!(elsewhere.asked().len(), 0, "a redirect was followed");
        assert!(!server.stop().contains(WELL_FORMED_TOKEN));
    });
}

/// Name, reply and expected `Retry-After`.
fn failures(elsewhere: &str) -> [(&'static str, Reply, &'static str); 10] {
    let text = "content-type: text/html\r\n";
    let problem = json!({ "code": "store_unavailable" }).to_string();
    let nameless = ActiveAnswer::of("reports:read").without("username");
    let redirect = format!("location: {elsewhere}/auth/validate\r\n");
    [
        ("unavailable", Reply::http(503, "retry-after: 7\r\n", &problem), "7"),
        ("unavailable without a time", Reply::http(503, "", &problem), "1"),
        ("an internal error", Reply::http(500, text, "oops"), "1"),
        ("too many requests", Reply::http(429, "retry-after: 9\r\n", ""), "9"),
        ("not found", Reply::http(404, text, "no such page"), "1"),
        ("a redirect", Reply::http(307, &redirect, ""), "1"),
        ("a page", Reply::http(200, text, "<html>welcome</html>"), "1"),
        ("no username", nameless.reply(), "1"),
        ("a closed connection", Reply::HangUp, "1"),
        ("no answer", Reply::Nothing, "1"),
    ]
}

/// The real authority ends, and is started again where it was.
pub(crate) fn check_stop(runtime: &Runtime, installed: &Installed) {
    let mut pair = Pair::start();
    let server = Server::start(installed, &format!("http://{}", pair.sso.listening()));
    runtime.block_on(async {
        let alice = pair.user("alice", &["reports:read"]).await;
        let header = format!("Bearer {}", alice.token());
        let authorization = [header.as_bytes()];
        assert_eq!(server.ask(&authorization).await.status, 200);
        pair.sso.stop();
        assert_eq!(server.ask(&authorization).await, unavailable("1"));
        pair.start_sso_again();
        assert_eq!(server.ask(&authorization).await.status, 200);
    });
}

async fn ask(server: &Server) -> Answer {
    let started = Instant::now();
    let answer = server.ask(&[format!("Bearer {WELL_FORMED_TOKEN}").as_bytes()]).await;
    assert!(started.elapsed() < BOUND, "it took {:?}", started.elapsed());
    answer
}
