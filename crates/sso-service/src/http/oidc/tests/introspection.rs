//! Introspection and revocation of what clients were given.

use serde_json::json;

use super::relying_party::{Parameters, RelyingParty};
use crate::test_service::{bearer, noon};
use actix_web::test::TestRequest;

fn token(token: &str) -> Parameters {
    [("token".to_owned(), token.to_owned())].into()
}

#[actix_web::test]
async fn client_is_told_about_its_own_access_tokens_alone() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let tokens = party.tokens(&alice).await;
    let access = tokens["access_token"].as_str().unwrap();
    let told = party.post_by_basic("/oauth/introspect", &token(access)).await;
    let expected = json!({
        "active": true,
        "scope": "openid profile groups offline_access",
        "client_id": party.id,
        "token_type": "Bearer",
        "exp": noon().timestamp() + 1800,
        "iat": noon().timestamp(),
        "sub": party.user_info(access).await.body["sub"],
        "iss": "http://127.0.0.1:8001",
    });
    assert_eq!((told.status.as_u16(), &told.body), (200, &expected));
    assert_eq!(told.header("cache-control"), "no-store");
    let key = party.service.add_key("gate", "sso:introspect").await;
    for other in [
        tokens["refresh_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
        alice.token.as_deref().unwrap(),
        &key,
        "x",
    ] {
        let told = party.post_by_basic("/oauth/introspect", &token(other)).await;
        assert_eq!((told.status.as_u16(), told.body), (200, json!({"active": false})), "{other}");
    }
    // Services know nothing of it.
    let ask = TestRequest::post()
        .uri("/oauth/introspect")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(format!("token={access}"));
    let told = party.service.send(bearer(ask, &key)).await;
    assert_eq!((told.status.as_u16(), told.body), (200, json!({"active": false})));
}

#[actix_web::test]
async fn another_client_learns_nothing() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let access = party.tokens(&alice).await["access_token"].as_str().unwrap().to_owned();
    let root = party.service.log_in("root").await;
    let body = json!({"name": "Other", "redirect_uris": ["https://other.example.org/"]});
    let post = actix_web::http::Method::POST;
    let other = party.service.call(post, "/admin/clients", &root, body).await.body;
    let text = |name: &str| other[name].as_str().unwrap().to_owned();
    let own = RelyingParty { id: text("client_id"), secret: text("client_secret"), ..party };
    let told = own.post_by_basic("/oauth/introspect", &token(&access)).await;
    assert_eq!((told.status.as_u16(), told.body), (200, json!({"active": false})));
    let stranger = RelyingParty { secret: "x".to_owned(), ..own };
    let refused = stranger.post_by_basic("/oauth/introspect", &token(&access)).await;
    assert_eq!(refused.problem(), (401, "invalid_client"));
    assert!(refused.header("www-authenticate").starts_with("Basic "));
}

#[actix_web::test]
async fn public_client_cannot_ask_about_tokens() {
    let party = RelyingParty::public().await;
    let refused = party.post_by_basic("/oauth/introspect", &token("x")).await;
    assert_eq!(refused.problem(), (401, "invalid_client"));
}

#[actix_web::test]
async fn holder_revokes_an_access_token_alone_and_all_with_a_refresh_token() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let tokens = party.tokens(&alice).await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str());
    let [access, refresh] = [access.unwrap(), refresh.unwrap()];
    assert_eq!(party.post("/oauth/revoke", &token(access)).await.status, 200);
    assert_eq!(party.user_info(access).await.problem(), (401, "invalid_token"));
    let renewed = party.token(&party.renewal(refresh)).await.body;
    let next = renewed["access_token"].as_str().unwrap();
    assert_eq!(party.user_info(next).await.status, 200);
    let refresh = renewed["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(party.post("/oauth/revoke", &token(refresh)).await.status, 200);
    }
    assert_eq!(party.user_info(next).await.problem(), (401, "invalid_token"));
    let ended = party.token(&party.renewal(refresh)).await;
    assert_eq!(ended.problem(), (400, "invalid_grant"));
    assert_eq!(party.service.validate(alice.token.as_ref().unwrap()).await.status, 200);
}
