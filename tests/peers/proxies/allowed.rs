//! Requests that pass.

use super::{front::Front, message::Request};
use crate::{
    harness::{Asked, Caller},
    peer::Installed,
    stage::Stage,
};

/// The identity headers that the backend got, without those that are empty.
pub(super) fn identity(asked: &Asked) -> Vec<(&str, &str)> {
    let is_identity = |name: &str| name.replace('_', "-").starts_with("x-auth-");
    let headers =
        asked.headers.iter().filter(|(name, value)| is_identity(name) && !value.is_empty());
    let mut headers: Vec<_> = headers.map(|(name, value)| (&**name, &**value)).collect();
    headers.sort_unstable();
    headers
}

/// The one request that reached the backend with this in its target.
#[track_caller]
pub(super) fn only_request(front: &Front, part: &str) -> Asked {
    let mut requests = front.backend_requests(part);
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

/// The identity of a user that has no role but `user`.
pub(super) fn identity_of<'a>(
    name: &'a str,
    id: &'a str,
    permissions: &'a str,
) -> Vec<(&'a str, &'a str)> {
    vec![
        ("x-auth-permissions", permissions),
        ("x-auth-roles", "user"),
        ("x-auth-user", name),
        ("x-auth-user-id", id),
    ]
}

pub(super) fn id_of(stage: &Stage, caller: &Caller) -> String {
    let validated = stage.block_on(caller.validate());
    validated.json()["user_id"].as_str().unwrap().to_owned()
}

pub(super) fn request_of_a_permitted_user_reaches_the_backend_with_the_identity(
    stage: &Stage,
    proxy: &Installed,
) {
    let front = stage.front(proxy);
    let (user, name) = stage.app_user(proxy, "permitted", &["app:use", "logs:read:shop/*"]);
    let id = id_of(stage, &user);
    for (target, credential) in [
        ("/by-header/a%2Fb/../c?d=e&d=f", ("Authorization", format!("bearer {}", user.token()))),
        ("/by-cookie", ("Cookie", format!("session_id={}", user.token()))),
    ] {
        let request = Request::new("POST", target).header(credential.0, &credential.1);
        let answer = stage.block_on(front.send(request.body("a=b")));
        assert_eq!((answer.status, &*answer.body), (200, "hello"), "{answer:?}");
        assert_eq!(answer.header("x-backend"), "yes");
        let asked = only_request(front, target.split('?').next().unwrap());
        assert_eq!(asked.line, format!("POST {target} HTTP/1.1"));
        assert_eq!(asked.body, b"a=b");
        assert_eq!(identity(&asked), identity_of(&name, &id, "app:use,logs:read:shop/*"));
    }
}

pub(super) fn api_key_reaches_the_backend_with_the_identity(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (key, name) = stage.app_key(proxy);
    let request = Request::get("/by-key").bearer(key.token());
    assert_eq!(stage.block_on(front.send(request)).status, 200);
    let (id, asked) = (id_of(stage, &key), only_request(front, "/by-key"));
    let expected =
        [("x-auth-permissions", "app:use"), ("x-auth-user", &name), ("x-auth-user-id", &id)];
    assert_eq!(identity(&asked), expected);
}

pub(super) fn head_request_is_answered_without_a_body(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (user, _) = stage.app_user(proxy, "header", &["app:use"]);
    let head = || Request::new("HEAD", "/head");
    let answer = stage.block_on(front.send(head().bearer(user.token())));
    assert_eq!((answer.status, &*answer.body), (200, ""));
    assert_eq!(only_request(front, "/head").line, "HEAD /head HTTP/1.1");
    assert_eq!(stage.block_on(front.send(head())).status, 401);
    assert_eq!(front.backend_requests("/head").len(), 1);
}
