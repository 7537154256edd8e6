//! An authority that does not answer, or not as it should: never a 200, never a redirect.

use std::net::SocketAddr;

use super::{
    front::{Front, dead_authority},
    message::Request,
    program::ReverseProxy,
};
use crate::{
    harness::{FakeAuthority, Reply, WELL_FORMED_TOKEN, patience},
    peer::Installed,
    stage::Stage,
};

pub(super) fn authority_that_is_down_is_503(stage: &Stage, proxy: &Installed) {
    stage.block_on(check(proxy, dead_authority()));
}

pub(super) fn authority_that_is_slow_is_503(stage: &Stage, proxy: &Installed) {
    stage.block_on(async {
        let authority = FakeAuthority::start(Reply::Nothing).await;
        check(proxy, authority.address()).await;
        assert!(!authority.asked().is_empty());
    });
}

pub(super) fn authority_that_hangs_up_is_503(stage: &Stage, proxy: &Installed) {
    stage.block_on(async {
        let authority = FakeAuthority::start(Reply::HangUp).await;
        check(proxy, authority.address()).await;
    });
}

pub(super) fn authority_that_fails_is_503(stage: &Stage, proxy: &Installed) {
    stage.block_on(async {
        // As /authz/nginx and /authz/forward answer when a credential cannot be checked.
        let status = if proxy.proxy() == ReverseProxy::Nginx { 500 } else { 503 };
        let reply = Reply::http(status, "retry-after: 1\r\n", "{}");
        let authority = FakeAuthority::start(reply).await;
        check(proxy, authority.address()).await;
    });
}

async fn check(proxy: &Installed, authority: SocketAddr) {
    let front = Front::with_authority(proxy.proxy(), authority).await;
    let cookie = format!("session_id={WELL_FORMED_TOKEN}");
    for request in [
        Request::get("/down"),
        Request::get("/down").by_browser(),
        Request::get("/down").by_browser().header("Cookie", &cookie),
        Request::get("/down").bearer(WELL_FORMED_TOKEN),
        Request::new("POST", "/down").bearer(WELL_FORMED_TOKEN).body("a=b"),
    ] {
        let answer = tokio::time::timeout(patience(), front.send(request.clone())).await.unwrap();
        assert_eq!(answer.status, 503, "{request:?}: {answer:?}");
        assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
        assert!(answer.all("location").is_empty() && answer.all("set-cookie").is_empty());
    }
    assert!(front.backend_requests("").is_empty());
}
