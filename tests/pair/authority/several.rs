//! Several authorities, one of which fails.

use super::{any_caller, asking, good, impatient, with_status};
use crate::harness::{ActiveAnswer, FakeAuthority, Reply, dead_address};

#[tokio::test]
async fn a_dead_authority_is_replaced_by_another() {
    let authority = FakeAuthority::start(good()).await;
    let (dead, alive) = (format!("http://{}", dead_address()), authority.url());
    for urls in [format!("{dead},{alive}"), format!("{alive}, {dead}")] {
        let pair = asking(&urls);
        let caller = any_caller(&pair);
        for _ in 0..6 {
            assert_eq!(caller.logs("web").await.status, 200, "{urls}");
        }
    }
}

#[tokio::test]
async fn an_authority_with_invalid_answers_is_replaced_by_another() {
    let bad = FakeAuthority::start(good()).await;
    let authority = FakeAuthority::start(good()).await;
    let urls = format!("{},{}", bad.url(), authority.url());
    for (why, reply) in [
        ("500", with_status(500)),
        ("503", with_status(503)),
        ("404", with_status(404)),
        ("302", Reply::http(302, "location: /login\r\n", "")),
        ("a page", Reply::http(200, "content-type: text/html\r\n", "<html>log in</html>")),
        ("hangs up", Reply::HangUp),
        (
            "expired",
            ActiveAnswer::of("logs:read").with("expires_at", "2020-01-01T00:00:00Z").reply(),
        ),
    ] {
        bad.answer(reply);
        let asked = bad.asked().len();
        // Each gateway is new, and has no state about the instance yet.
        let setup = impatient().gateway("GATEWAY_SSO_URL", &urls).gateway("GATEWAY_WORKERS", "1");
        let pair = setup.start();
        let caller = any_caller(&pair);
        for _ in 0..3 {
            assert_eq!(caller.pods().await.status, 200, "{why}");
        }
        assert!(bad.asked().len() <= asked + 1, "{why}: it was asked again and again");
    }
    bad.answer(with_status(401));
    let pair = asking(&urls);
    any_caller(&pair).pods().await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn a_hanging_authority_is_replaced_and_no_longer_asked() {
    let hanging = FakeAuthority::start(Reply::Nothing).await;
    let authority = FakeAuthority::start(good()).await;
    let urls = format!("{},{}", hanging.url(), authority.url());
    let setup = impatient().gateway("GATEWAY_SSO_URL", &urls).gateway("GATEWAY_WORKERS", "1");
    let pair = setup.start();
    let caller = any_caller(&pair);
    for _ in 0..6 {
        assert_eq!(caller.pods().await.status, 200);
    }
    assert_eq!(hanging.asked().len(), 1);
}
