//! One log-in for everything: a user of a provider of others (oidc-provider) reads a log by kubectl and
//! uses a client of ours; an administrator ends it all.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Method;

use crate::{
    Case, cases,
    harness::{Ask, Caller, LogoutReceiver, OidcClient, Pair, PrivateCa, Setup, cri, cri_at},
    kubectl::Kubectl,
    peer::Installed,
    running::{End, Running},
    stage::{Stage, over_tls_of},
    upstream::LoginProvider,
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [an_administrator_ends_what_a_log_in_by_the_provider_began],
};

/// With the default times of both services.
fn an_administrator_ends_what_a_log_in_by_the_provider_began(stage: &Stage, kubectl: &Installed) {
    let ca = PrivateCa::new();
    let (receiver, ca_file) = (stage.block_on(LogoutReceiver::start(&ca)), ca.file());
    let provider = LoginProvider::start(&kubectl.directory, Some(&ca));
    // By this certificate, clients are called.
    let setup = provider.used_by(Setup::new()).sso("SSL_CERT_FILE", &ca_file);
    let pair = over_tls_of(setup, ca);
    pair.logs.write("shop", "web", cri(&["a line of the shop"]));
    let [token, _] = provider.session_tokens();
    let ada = pair.anonymous().with_token(&token);

    let admin = stage.block_on(pair.admin());
    let (client, access) = stage.block_on(log_in_to_client(&pair, &admin, &receiver, &ada));
    let reading = Kubectl::of(kubectl, &pair, &ada, "shop");
    let following = reading.start("logs -f web");
    assert_eq!(following.line(), "a line of the shop");
    let log = pair.logs.pod("shop", "web").container("app");
    log.append("0.log", cri_at(2, "stdout", "a line that is followed"));
    assert_eq!(following.line(), "a line that is followed");
    let user_id = stage.block_on(ada.validate()).json()["user_id"].clone();
    let before = stage.block_on(judgements(&client, &access));
    assert_eq!(before, (Some(true), 200, 401));

    let path = "/admin/users/ada.lovelace/sessions";
    let ended_at = Instant::now();
    let ended = stage.block_on(admin.sso(Method::DELETE, path).ask());
    assert_eq!(ended.status, 204, "{ended:?}");
    let after = stage.block_on(judgements(&client, &access));
    assert_eq!(after, (Some(false), 401, 401));
    let told = stage.block_on(receiver.wait_for(1)).remove(0);
    let End { code, rest, stderr } = following.end();
    let (followed, told_after) = (ended_at.elapsed(), told.at - ended_at);
    // The promises are 2 s and 6 s; a machine that is busy may need longer.
    assert!(told_after < Duration::from_secs(4), "told after {told_after:?}");
    assert!(followed < Duration::from_secs(9), "kubectl ended after {followed:?}");
    assert_eq!((code, rest.len(), stderr.as_str()), (1, 0, "error: unexpected EOF\n"), "{rest:?}");
    let claims = told.claims();
    assert_eq!((&claims["sub"], claims.get("sid")), (&user_id, None), "all sessions of the user");
    verify(&kubectl.directory, &pair, &client, &told.token);
    assert_eq!(stage.block_on(ada.validate()).status, 401);
}

/// Ada logs in to a client that is told of the ends of sessions; gives her access token as well.
async fn log_in_to_client(
    pair: &Pair,
    admin: &Caller,
    receiver: &LogoutReceiver,
    ada: &Caller,
) -> (OidcClient, Caller) {
    let client = OidcClient::register(admin, "App", Some(&receiver.uri)).await;
    let mut browser = pair.browser();
    browser.set_cookie("__Host-session_id", ada.token());
    let tokens = client.log_in(&mut browser, &pair.anonymous()).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert!(access.starts_with("ssoa_"), "{tokens}");
    (client, ada.with_token(access))
}

/// What introspection, userinfo and validation say about an access token.
async fn judgements(client: &OidcClient, access: &Caller) -> (Option<bool>, u16, u16) {
    let told = client.introspect(&access.without_token(), access.token()).await;
    // Its failures are those of OAuth, not problems.
    let user_info = access.sso(Method::GET, "/oauth/userinfo").send().await.unwrap();
    let validated = access.validate().await.status;
    (told.json()["active"].as_bool(), user_info.status().as_u16(), validated)
}

/// The logout token is one that the client has to accept.
fn verify(libraries: &Path, pair: &Pair, client: &OidcClient, token: &str) {
    let mut command = Command::new("node");
    command
        .args(["--input-type=module", "-e", include_str!("javascript/verify_logout.js"), "--"])
        .args([&format!("https://{}", pair.sso.listening()), &client.id])
        .current_dir(libraries)
        .env("TOKEN", token)
        .env("NODE_EXTRA_CA_CERTS", pair.ca().file());
    let End { code, rest, stderr } = Running::start(&mut command).end();
    assert_eq!((code, rest), (0, vec!["ES256".to_owned()]), "{stderr}");
}
