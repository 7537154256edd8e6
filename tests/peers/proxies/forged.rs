//! Headers that a client makes up.

use super::{
    allowed::{id_of, identity, identity_of, only_request},
    message::Request,
};
use crate::{harness::Asked, peer::Installed, stage::Stage};

pub(super) fn identity_headers_of_the_client_never_reach_the_backend(
    stage: &Stage,
    proxy: &Installed,
) {
    let front = stage.front(proxy);
    let (user, name) = stage.app_user(proxy, "forger", &["app:use"]);
    let id = id_of(stage, &user);
    for (number, header) in [
        "X-Auth-User",
        "x-auth-user",
        "X-AUTH-USER",
        "x-aUTH-uSER",
        "X_Auth_User",
        "X-Auth_User",
        "X_AUTH-USER",
        "X-Auth-User-Id",
        "X-Auth-Roles",
        "X_Auth_Roles",
        "X-Auth-Permissions",
        "x-auth-permissions",
    ]
    .into_iter()
    .enumerate()
    {
        let target = format!("/forged/{number}");
        let request = Request::get(&target).header(header, "root").header(header, "admin");
        assert_eq!(stage.block_on(front.send(request.clone())).status, 401, "{header}");
        assert_eq!(stage.block_on(front.send(request.bearer(user.token()))).status, 200);
        let asked = only_request(front, &format!("{target} "));
        assert_eq!(identity(&asked), identity_of(&name, &id, "app:use"), "{header}");
    }
}

/// A proxy removes the headers that `Connection` names (RFC 9110, section 7.6.1): those of the
/// client, not its own.
pub(super) fn connection_header_removes_no_identity_header(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (user, name) = stage.app_user(proxy, "cutter", &["app:use"]);
    let id = id_of(stage, &user);
    let names = "X-Auth-User, x-auth-user-id,X-AUTH-ROLES, X-Auth-Permissions";
    for (target, request) in [
        ("/cut/1", Request::get("/cut/1")),
        ("/cut/2", Request::get("/cut/2").header("X-Auth-User", "root")),
        ("/cut/3", Request::get("/cut/3").header("Connection", "X-Auth-User")),
    ] {
        let request = request.connection(names).bearer(user.token());
        assert_eq!(stage.block_on(front.send(request)).status, 200);
        let asked = only_request(front, target);
        assert_eq!(identity(&asked), identity_of(&name, &id, "app:use"), "{target}");
        let connection = asked.headers.iter().filter(|(name, _)| name == "connection");
        assert!(connection.into_iter().all(|(_, value)| !value.to_lowercase().contains("auth")));
    }
    // Without its credential, a request is one of a stranger.
    let request = Request::get("/cut/4").connection("Authorization").bearer(user.token());
    let answer = stage.block_on(front.send(request));
    let reached = front.backend_requests("/cut/4");
    let expected = if answer.status == 200 { 1 } else { 0 };
    assert_eq!(reached.len(), expected, "{answer:?}");
    assert!([200, 401].contains(&answer.status), "{answer:?}");
}

pub(super) fn credentials_never_reach_the_backend(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (user, _) = stage.app_user(proxy, "careful", &["app:use"]);
    let token = user.token();
    for (number, (cookie, expected)) in [
        (format!("session_id={token}"), &[][..]),
        (format!("a=1; session_id={token}; b=2"), &["a=1", "b=2"]),
        (format!("session_id={token};a=1"), &["a=1"]),
        (format!("a=1;\tsession_id={token}"), &["a=1"]),
        (format!("session_id={token}; session_id=x; session_id=y; a=1"), &["a=1"]),
        (format!("session_id={token}; __Host-session_id={token}; refresh_token={token}"), &[]),
        (
            format!("__Secure-refresh_token={token}; a=session_id; session_id={token}"),
            &["a=session_id"],
        ),
        (
            format!("my_session_id=1; session_id={token}; session_id2=2"),
            &["my_session_id=1", "session_id2=2"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let target = format!("/credentials/{number}");
        let request = Request::get(&target).header("Cookie", &cookie);
        let answer = stage.block_on(front.send(request));
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
        let asked = only_request(front, &format!("{target} "));
        assert_eq!(cookies(&asked), expected, "{number}");
        check_without(&asked, token);
    }
    // More than the authority would accept, beside a header that counts alone.
    let many = vec![format!("session_id={token}"); 12].join("; ");
    let request = Request::get("/credentials/many").header("Cookie", &many).bearer(token);
    assert_eq!(stage.block_on(front.send(request)).status, 200);
    check_without(&only_request(front, "/credentials/many"), token);
}

/// The cookies that the backend got.
fn cookies(asked: &Asked) -> Vec<&str> {
    let lines = asked.headers.iter().filter(|(name, _)| name == "cookie");
    let pairs = lines.flat_map(|(_, line)| line.split(';')).map(str::trim);
    pairs.filter(|pair| !pair.is_empty()).collect()
}

#[track_caller]
fn check_without(asked: &Asked, token: &str) {
    assert!(asked.headers.iter().all(|(name, _)| name != "authorization"), "{asked:?}");
    assert!(asked.headers.iter().all(|(_, value)| !value.contains(token)));
}
