//! Tokens at the endpoints of OAuth, as both services treat them.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Ask, Caller, OidcClient, Pair, Setup, run_sso};

const SECRETS: [&str; 2] =
    ["the first secret key of the service", "the other secret key of the service"];

/// A caller with a JWT in exchange for the token of this one.
async fn with_jwt(caller: &Caller) -> Caller {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", "billing"),
        ("subject_token", caller.token()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let answer = caller.without_token().post_form("/oauth/token", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    caller.with_token(answer.json()["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn revoked_token_is_inactive_and_refused_at_the_gateway() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let body = json!({"name": "service", "permissions": ["sso:introspect"]});
    let created = admin.sso(Method::POST, "/admin/keys").json(&body).ask().await;
    let service = pair.anonymous().with_token(created.json()["key"].as_str().unwrap());
    let alice = pair.user("alice", &["logs:read"]).await;
    let form = [("token", alice.token())];
    let introspect = async || service.post_form("/oauth/introspect", &form).await.json();
    assert_eq!(introspect().await["active"], true);
    assert_eq!(alice.pods().await.status, 200);
    let revoked = pair.anonymous().post_form("/oauth/revoke", &form).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(introspect().await, json!({"active": false}));
    alice.pods().await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn jwt_is_no_bearer_token_of_either_service() {
    let pair = Setup::new().sso("SSO_JWT_AUDIENCES", "billing").start();
    let jwt = with_jwt(&pair.user("alice", &["logs:read"]).await).await;
    jwt.validate().await.check_problem_is(401, "invalid_token");
    jwt.pods().await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn signing_keys_survive_a_restart_and_need_their_secret() {
    let setup = Setup::new().sso("SSO_JWT_AUDIENCES", "billing");
    let mut pair = setup.sso("SSO_SECRET_KEY", SECRETS[0]).start();
    let keys = async |pair: &Pair| {
        pair.anonymous().sso(Method::GET, "/.well-known/jwks.json").ask().await.json()
    };
    let before = keys(&pair).await;
    pair.sso.stop();
    let database = pair.database_url();
    let start = |variables: &[(&str, &str)]| {
        let own = [
            ("SSO_LISTEN", "127.0.0.1:0"),
            ("SSO_OPS_LISTEN", "127.0.0.1:0"),
            ("SSO_DATABASE_URL", &database),
        ];
        run_sso(&[], &[&own[..], variables].concat(), "")
    };
    for variables in [&[][..], &[("SSO_SECRET_KEY", SECRETS[1])]] {
        let ended = start(variables);
        assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("SSO_SECRET_KEY: "), "{ended:?}");
    }
    pair.start_sso_again();
    assert_eq!(keys(&pair).await, before);
}

/// What a client of OpenID Connect is given is told to the client, and opens nothing.
#[tokio::test]
async fn access_token_of_a_client_is_refused_by_both_services() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read"]).await;
    let client = OidcClient::register(&pair.admin().await, "App", None).await;
    let mut browser = pair.browser();
    browser.set_cookie("session_id", alice.token());
    let anonymous = pair.anonymous();
    let tokens = client.log_in(&mut browser, &anonymous).await;
    let holder = anonymous.with_token(tokens["access_token"].as_str().unwrap());
    let told = holder.sso(Method::GET, "/oauth/userinfo").ask().await;
    assert_eq!((told.status, told.json()["sub"].is_string()), (200, true));
    assert_eq!(client.introspect(&anonymous, holder.token()).await.json()["active"], true);
    holder.validate().await.check_problem_is(401, "invalid_token");
    holder.pods().await.check_problem_is(401, "invalid_token");
}
