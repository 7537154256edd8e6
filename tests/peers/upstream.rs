//! Log-in by a provider of others (oidc-provider).

use std::{net::TcpListener, process::Command};

use crate::{
    Case, cases,
    harness::{Setup, cri},
    peer::Installed,
    running::{End, Running},
    stage::Stage,
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [users_of_the_provider_log_in],
};

const SECRET: &str = "the secret of logs";

/// The whole way of a browser, twice: the user is created, and comes back; roles come from userinfo.
fn users_of_the_provider_log_in(stage: &Stage, library: &Installed) {
    // The provider has to know the address before the authority starts.
    let sso = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new(&library.program);
    command
        .args(["--input-type=module", "-e", include_str!("javascript/upstream.js"), "--"])
        .arg(format!("http://{sso}"))
        .current_dir(&library.directory)
        .env("SECRET", SECRET);
    let provider = Running::start(&mut command);
    let issuer = provider.line();
    let pair = Setup::new()
        .sso("SSO_LISTEN", &sso.to_string())
        .sso("SSO_OIDC_ISSUER", &issuer)
        .sso("SSO_OIDC_CLIENT_ID", "logs")
        .sso("SSO_OIDC_CLIENT_SECRET", SECRET)
        .sso("SSO_OIDC_ROLES", r#"{"dev":["reader"]}"#)
        .start();
    pair.logs.write("shop", "web", cri(&["a line of the shop"]));
    let End { code, rest, stderr } = provider.end();
    // What the library says of its defaults is among the lines.
    let is_ours = |line: &String| !line.starts_with("oidc-provider ");
    let rest: Vec<_> = rest.into_iter().filter(is_ours).collect();
    assert_eq!((code, rest.len()), (0, 2), "{rest:?} {stderr}");
    stage.block_on(async {
        let mut ids = Vec::new();
        for line in rest {
            let [status, path, token] = *line.split(' ').collect::<Vec<_>>() else {
                panic!("{line}");
            };
            assert_eq!((status, path), ("200", "/account"), "{line}");
            let ada = pair.anonymous().with_token(token);
            let answer = ada.validate().await.json();
            assert_eq!(
                (&answer["username"], &answer["roles"][0]),
                (&"ada.lovelace".into(), &"reader".into())
            );
            ids.push(answer["user_id"].clone());
            assert!(ada.text("web?namespace=shop").await.text().contains("a line of the shop"));
        }
        assert_eq!(ids[0], ids[1]);
    });
    let ended = pair.administer(&["user", "disable", "ada.lovelace"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}
