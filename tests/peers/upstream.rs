//! Log-in by a provider of others (oidc-provider).

use std::{net::TcpListener, path::Path, process::Command};

use crate::{
    Case, cases,
    harness::{PrivateCa, Setup, cri},
    peer::Installed,
    running::{End, Running},
    stage::Stage,
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [users_of_the_provider_log_in],
};

const SECRET: &str = "the secret of logs";

/// The provider, and a browser that logs its user ada.lovelace in by it, twice.
#[derive(Debug)]
pub(crate) struct LoginProvider {
    running: Running,
    issuer: String,
    sso: String,
}

impl LoginProvider {
    /// For an authority that will serve TLS with a certificate of this one, or plain HTTP. The provider
    /// has to know the address before the authority starts.
    pub(crate) fn start(libraries: &Path, ca: Option<&PrivateCa>) -> Self {
        let scheme = if ca.is_some() { "https" } else { "http" };
        let sso = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new("node");
        command
            .args(["--input-type=module", "-e", include_str!("javascript/upstream.js"), "--"])
            .arg(format!("{scheme}://{sso}"))
            // Packages are resolved in the directory of the script.
            .current_dir(libraries)
            .env("SECRET", SECRET)
            .envs(ca.map(|ca| ("NODE_EXTRA_CA_CERTS", ca.file())));
        let running = Running::start(&mut command);
        let issuer = running.line();
        Self { running, issuer, sso }
    }

    /// Has the authority log users in by it.
    pub(crate) fn used_by(&self, setup: Setup) -> Setup {
        setup
            .sso("SSO_LISTEN", &self.sso)
            .sso("SSO_OIDC_ISSUER", &self.issuer)
            .sso("SSO_OIDC_CLIENT_ID", "logs")
            .sso("SSO_OIDC_CLIENT_SECRET", SECRET)
            .sso("SSO_OIDC_ROLES", r#"{"dev":["reader"]}"#)
    }

    /// Waits for both log-ins, which have to end at the account, and gives the session tokens.
    pub(crate) fn session_tokens(self) -> [String; 2] {
        let End { code, rest, stderr } = self.running.end();
        // What the library says of its defaults is among the lines.
        let rest = rest.into_iter().filter(|line| !line.starts_with("oidc-provider "));
        let rest: Vec<_> = rest.collect();
        assert_eq!((code, rest.len()), (0, 2), "{rest:?} {stderr}");
        let tokens = rest.into_iter().map(|line| {
            let token = line.strip_prefix("200 /account ");
            token.unwrap_or_else(|| panic!("{line}")).to_owned()
        });
        tokens.collect::<Vec<_>>().try_into().unwrap()
    }
}

/// The whole way of a browser, twice: the user is created, and comes back; roles come from userinfo.
fn users_of_the_provider_log_in(stage: &Stage, library: &Installed) {
    let provider = LoginProvider::start(&library.directory, None);
    let pair = provider.used_by(Setup::new()).start();
    pair.logs.write("shop", "web", cri(&["a line of the shop"]));
    let tokens = provider.session_tokens();
    stage.block_on(async {
        let mut ids = Vec::new();
        for token in &tokens {
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
