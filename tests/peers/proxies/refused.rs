//! Requests that do not pass.

use super::message::{Message, Request};
use crate::{harness::WELL_FORMED_TOKEN, peer::Installed, stage::Stage};

#[track_caller]
fn check_refused(answer: &Message, status: u16, challenge: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("x-backend"), "", "{answer:?}");
    assert!(answer.header("www-authenticate").starts_with(challenge), "{answer:?}");
    assert!(answer.all("location").is_empty() && answer.all("set-cookie").is_empty(), "{answer:?}");
}

pub(super) fn request_without_a_valid_token_never_reaches_the_backend(
    stage: &Stage,
    proxy: &Installed,
) {
    let front = stage.front(proxy);
    let (user, _) = stage.app_user(proxy, "forgetful", &["app:use"]);
    let unknown = format!("session_id={WELL_FORMED_TOKEN}");
    let expected = "Bearer realm=\"sso\"";
    for (name, value) in [
        ("Accept", "*/*"),
        ("Cookie", &unknown),
        ("Cookie", "session_id=x"),
        ("Authorization", &format!("Bearer {WELL_FORMED_TOKEN}")),
        ("Authorization", "Basic eDp5"),
        ("X-Auth-User", "root"),
        ("X-Forwarded-User", "root"),
        ("X-Original-URL", "/"),
    ] {
        let request = Request::get("/refused").header(name, value);
        check_refused(&stage.block_on(front.send(request)), 401, expected);
    }
    // No cookie counts beside the header.
    let both = Request::get("/refused").bearer(WELL_FORMED_TOKEN);
    let both = both.header("Cookie", &format!("session_id={}", user.token()));
    check_refused(&stage.block_on(front.send(both)), 401, expected);
    assert!(front.backend_requests("/refused").is_empty());
}

pub(super) fn user_without_the_permission_is_403(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (user, _) = stage.app_user(proxy, "stranger", &["logs:read"]);
    for target in ["/denied", "/denied?permission=logs:read", "/denied/authz/nginx"] {
        let cookie = format!("session_id={}", user.token());
        let request = Request::get(target).header("Cookie", &cookie).by_browser();
        check_refused(&stage.block_on(front.send(request)), 403, "");
    }
    assert!(front.backend_requests("/denied").is_empty());
}

pub(super) fn ended_session_is_refused_at_once(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (user, _) = stage.app_user(proxy, "leaving", &["app:use"]);
    let request = Request::get("/ended").bearer(user.token());
    assert_eq!(stage.block_on(front.send(request.clone())).status, 200);
    assert_eq!(stage.block_on(user.log_out()).status, 204);
    check_refused(&stage.block_on(front.send(request)), 401, "Bearer realm=\"sso\"");
    assert_eq!(front.backend_requests("/ended").len(), 1);
}
