//! Codes: each is redeemed once, by its client, with its verifier, in time.

use std::time::Duration;

use serde_json::{Value, json};
use shared_types::TokenKind;

use super::relying_party::{CALLBACK, Parameters, RelyingParty, VERIFIER};

#[actix_web::test]
async fn code_is_redeemed_for_tokens() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let code = party.code(&alice).await;
    let answer = party.token(&party.redemption(&code)).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let body = &answer.body;
    let kind = |name: &str| TokenKind::of(body[name].as_str().unwrap());
    assert_eq!(kind("access_token"), Some(TokenKind::ClientAccess));
    assert_eq!(kind("refresh_token"), Some(TokenKind::ClientRefresh));
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(1800)));
    assert_eq!(body["scope"], "openid profile groups offline_access");
    let claims = party.user_info(body["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.header("cache-control"), "no-store");
    let expected = json!({
        "sub": claims.body["sub"], "preferred_username": "alice", "groups": ["user"],
    });
    assert_eq!((claims.status.as_u16(), &claims.body), (200, &expected));
}

#[actix_web::test]
async fn refresh_token_needs_its_scope() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let answer = party.send(&alice, &party.request_with(&[("scope", "openid")])).await;
    let code = super::relying_party::answered(&answer)["code"].clone();
    let body = party.token(&party.redemption(&code)).await.body;
    assert_eq!((body.get("refresh_token"), &body["scope"]), (None, &json!("openid")));
    let claims = party.user_info(body["access_token"].as_str().unwrap()).await.body;
    assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
}

/// Each row: changes of the form, and the error.
#[actix_web::test]
async fn wrong_redemption_is_refused() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let other = RelyingParty::confidential().await;
    let wrong_verifier = VERIFIER.replace('d', "e");
    for (name, value, error) in [
        ("code", "", (400, "invalid_request")),
        ("code", "x", (400, "invalid_grant")),
        ("redirect_uri", "", (400, "invalid_request")),
        ("redirect_uri", "https://app.example.org/other", (400, "invalid_grant")),
        ("code_verifier", "", (400, "invalid_request")),
        ("code_verifier", &wrong_verifier, (400, "invalid_grant")),
        ("code_verifier", "short", (400, "invalid_grant")),
        ("client_id", "", (401, "invalid_client")),
        ("client_id", "x", (401, "invalid_client")),
        ("client_id", &other.id, (401, "invalid_client")),
        ("client_secret", "", (401, "invalid_client")),
        ("client_secret", &other.secret, (401, "invalid_client")),
        ("grant_type", "", (400, "invalid_request")),
        ("grant_type", "password", (400, "unsupported_grant_type")),
        ("grant_type", "implicit", (400, "unsupported_grant_type")),
    ] {
        let mut form = party.redemption(&party.code(&alice).await);
        form.insert(name.to_owned(), value.to_owned());
        let answer = party.token(&form).await;
        assert_eq!(answer.problem(), error, "{name}={value}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.starts_with("Basic "), error.0 == 401, "{name}={value}");
    }
}

/// A stolen code is worth one guess.
#[actix_web::test]
async fn code_is_spent_by_a_wrong_verifier_or_address() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    for (name, value) in [("code_verifier", "x"), ("redirect_uri", "https://app.example.org/")] {
        let right = party.redemption(&party.code(&alice).await);
        let mut wrong = right.clone();
        wrong.insert(name.to_owned(), value.to_owned());
        assert_eq!(party.token(&wrong).await.problem(), (400, "invalid_grant"));
        assert_eq!(party.token(&right).await.problem(), (400, "invalid_grant"), "{name}");
    }
}

#[actix_web::test]
async fn code_that_is_redeemed_again_ends_what_it_gave() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let form = party.redemption(&party.code(&alice).await);
    let tokens = party.token(&form).await.body;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str());
    let [access, refresh] = [access.unwrap(), refresh.unwrap()];
    assert_eq!(party.user_info(access).await.status, 200);
    assert_eq!(party.token(&form).await.problem(), (400, "invalid_grant"));
    assert_eq!(party.user_info(access).await.problem(), (401, "invalid_token"));
    let renewed = party.token(&party.renewal(refresh)).await;
    assert_eq!(renewed.problem(), (400, "invalid_grant"));
    assert_eq!(party.service.validate(alice.token.as_ref().unwrap()).await.status, 200);
    let events = party.service.audited();
    let kinds: Vec<_> = events.iter().map(|event| event["audit"].as_str().unwrap()).collect();
    assert!(kinds.ends_with(&["client_authorized", "client_token_reused"]), "{kinds:?}");
    assert_eq!(events.last().unwrap()["target"], "App");
}

#[actix_web::test]
async fn code_is_valid_for_a_minute() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    for (millis, status) in [(59_999, 200), (60_000, 400)] {
        let form = party.redemption(&party.code(&alice).await);
        party.service.clock.advance(Duration::from_millis(millis));
        assert_eq!(party.token(&form).await.status.as_u16(), status, "{millis}");
    }
}

/// Another client of the same service cannot redeem a code, nor end it.
#[actix_web::test]
async fn code_belongs_to_its_client() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let root = party.service.log_in("root").await;
    let body = json!({"name": "Other", "redirect_uris": [CALLBACK]});
    let path = "/admin/clients";
    let other = party.service.call(actix_web::http::Method::POST, path, &root, body).await.body;
    let form = party.redemption(&party.code(&alice).await);
    let mut stolen = form.clone();
    for name in ["client_id", "client_secret"] {
        stolen.insert(name.to_owned(), other[name].as_str().unwrap().to_owned());
    }
    assert_eq!(party.token(&stolen).await.problem(), (400, "invalid_grant"));
    assert_eq!(party.token(&form).await.status, 200);
    assert_eq!(party.token(&stolen).await.problem(), (400, "invalid_grant"));
}

#[actix_web::test]
async fn client_authenticates_in_one_way_only() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let form = async || party.redemption(&party.code(&alice).await);
    let without = |mut form: Parameters, names: &[&str]| {
        form.retain(|name, _| !names.contains(&name.as_str()));
        form
    };
    let by_basic = without(form().await, &["client_id", "client_secret"]);
    assert_eq!(party.post_by_basic("/oauth/token", &by_basic).await.status, 200);
    let named_twice = without(form().await, &["client_secret"]);
    assert_eq!(party.post_by_basic("/oauth/token", &named_twice).await.status, 200);
    let twice = party.post_by_basic("/oauth/token", &form().await).await;
    assert_eq!(twice.problem(), (400, "invalid_request"));
    let mut other = without(form().await, &["client_secret"]);
    other.insert("client_id".to_owned(), "another".to_owned());
    let contradictory = party.post_by_basic("/oauth/token", &other).await;
    assert_eq!(contradictory.problem(), (400, "invalid_request"));
}

/// Neither kind of token opens anything of the service, or of the gateway behind it.
#[actix_web::test]
async fn tokens_of_clients_are_no_credentials_of_the_service() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let tokens = party.tokens(&alice).await;
    for name in ["access_token", "refresh_token", "id_token"] {
        let token = tokens[name].as_str().unwrap();
        let refused = party.service.validate(token).await;
        assert_eq!(refused.problem(), (401, "invalid_token"), "{name}");
        let body = json!({"refresh_token": token});
        let path = "/auth/refresh";
        let refresh = actix_web::test::TestRequest::post().uri(path).set_json(body);
        assert_eq!(party.service.send(refresh).await.problem(), (401, "invalid_token"), "{name}");
        let get = actix_web::http::Method::GET;
        let account = party.service.call(get, "/auth/user", token, Value::Null).await;
        assert_eq!(account.problem(), (401, "invalid_token"), "{name}");
        if name != "access_token" {
            assert_eq!(party.user_info(token).await.problem(), (401, "invalid_token"), "{name}");
        }
        let exchange = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", "billing"),
        ];
        let exchange = exchange.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let exchanged = party.token(&exchange).await;
        assert_eq!(exchanged.problem(), (400, "invalid_request"), "{name}");
    }
    let session = alice.token.as_ref().unwrap();
    assert_eq!(party.user_info(session).await.problem(), (401, "invalid_token"));
}
