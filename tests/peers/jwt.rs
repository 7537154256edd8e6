//! JWTs as other services verify them: with third-party libraries, by the published keys.

use std::process::Command;

use crate::{
    Case, cases,
    peer::{Installed, Peer},
    running::{End, Running},
    stage::{AUDIENCE, Stage},
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [jwt_is_verified, jwt_for_another_service_is_refused, altered_jwt_is_refused],
};

fn jwt_is_verified(stage: &Stage, library: &Installed) {
    let end = verify(stage, library, AUDIENCE, &jwt(stage));
    let said = if library.peer == Peer::Jose { "true" } else { "True" };
    let expected = format!("{said} alice logs:read:team-a/*");
    assert_eq!((end.code, end.rest, end.stderr.as_str()), (0, vec![expected], ""));
}

fn jwt_for_another_service_is_refused(stage: &Stage, library: &Installed) {
    let end = verify(stage, library, "shipping", &jwt(stage));
    check_refused(
        &end,
        match library.peer {
            Peer::PyJwt => "InvalidAudienceError",
            Peer::Authlib => "invalid_token",
            _ => "ERR_JWT_CLAIM_VALIDATION_FAILED",
        },
    );
}

fn altered_jwt_is_refused(stage: &Stage, library: &Installed) {
    let token = jwt(stage);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{signed}.{first}{}", &signature[1..]);
    let end = verify(stage, library, AUDIENCE, &altered);
    check_refused(
        &end,
        match library.peer {
            Peer::PyJwt => "InvalidSignatureError",
            Peer::Authlib => "invalid_token",
            _ => "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        },
    );
}

#[track_caller]
fn check_refused(end: &End, reason: &str) {
    assert_eq!((end.code, end.rest.len(), end.stderr.trim_end()), (1, 0, reason));
}

/// A JWT in exchange for the session token of alice.
fn jwt(stage: &Stage) -> String {
    let alice = stage.alice();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", AUDIENCE),
        ("subject_token", alice.token()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let anonymous = alice.without_token();
    let answer = stage.block_on(anonymous.post_form("/oauth/token", &form));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// Runs the script of a library, which finds the keys by the metadata of the issuer.
fn verify(stage: &Stage, library: &Installed, audience: &str, token: &str) -> End {
    let (pair, mut command) = (stage.pair(), Command::new(&library.program));
    match library.peer {
        Peer::PyJwt => command.args(["-c", include_str!("python/verify_pyjwt.py")]),
        Peer::Authlib => command.args(["-c", include_str!("python/verify_authlib.py")]),
        _ => command.args([
            "--input-type=module",
            "-e",
            include_str!("javascript/verify_jose.js"),
            "--",
        ]),
    };
    let ca = pair.ca().file();
    let issuer = format!("https://{}", pair.sso.listening());
    let command = command.args([&issuer, audience]).current_dir(&library.directory);
    let command = command.env("TOKEN", token).env("SSL_CERT_FILE", &ca);
    Running::start(command.env("NODE_EXTRA_CA_CERTS", &ca)).end()
}
