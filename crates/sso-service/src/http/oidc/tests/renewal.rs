//! Refresh tokens of clients.

use std::time::Duration;

use serde_json::Value;

use super::relying_party::{Browser, RelyingParty};

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}"))
}

async fn granted() -> (RelyingParty, Browser, Value) {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let tokens = party.tokens(&alice).await;
    (party, alice, tokens)
}

impl RelyingParty {
    async fn renew(&self, tokens: &Value) -> Value {
        let answer = self.token(&self.renewal(text(tokens, "refresh_token"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }
}

#[actix_web::test]
async fn refresh_token_is_spent_for_its_successor() {
    let (party, _, tokens) = granted().await;
    let renewed = party.renew(&tokens).await;
    for name in ["access_token", "refresh_token", "id_token"] {
        assert_ne!(renewed[name], tokens[name], "{name}");
    }
    for body in [&tokens, &renewed] {
        assert_eq!(party.user_info(text(body, "access_token")).await.status, 200);
    }
    party.renew(&renewed).await;
}

#[actix_web::test]
async fn lost_answer_is_given_again_for_ten_seconds() {
    let (party, _, tokens) = granted().await;
    let first = party.renew(&tokens).await;
    party.service.clock.advance(Duration::from_millis(9_999));
    let again = party.renew(&tokens).await;
    for name in ["access_token", "refresh_token"] {
        assert_eq!(first[name], again[name], "{name}");
    }
    party.renew(&first).await;
}

#[actix_web::test]
async fn spent_refresh_token_ends_everything_that_was_given_with_it() {
    let (party, alice, tokens) = granted().await;
    let others = party.tokens(&alice).await;
    let renewed = party.renew(&tokens).await;
    party.service.clock.advance(Duration::from_secs(10));
    let reused = party.token(&party.renewal(text(&tokens, "refresh_token"))).await;
    assert_eq!(reused.problem(), (400, "invalid_grant"));
    let ended = party.token(&party.renewal(text(&renewed, "refresh_token"))).await;
    assert_eq!(ended.problem(), (400, "invalid_grant"));
    for body in [&tokens, &renewed] {
        let claims = party.user_info(text(body, "access_token")).await;
        assert_eq!(claims.problem(), (401, "invalid_token"));
    }
    // The session, and what was given by another code, go on.
    assert_eq!(party.user_info(text(&others, "access_token")).await.status, 200);
    assert_eq!(party.service.validate(alice.token.as_ref().unwrap()).await.status, 200);
}

#[actix_web::test]
async fn wrong_renewal_is_refused() {
    let (party, alice, tokens) = granted().await;
    let refresh = text(&tokens, "refresh_token");
    let other = RelyingParty::confidential().await;
    let access = text(&tokens, "access_token");
    let session = alice.token.as_deref().unwrap();
    for (name, value, error) in [
        ("refresh_token", "", (400, "invalid_request")),
        ("refresh_token", "x", (400, "invalid_grant")),
        ("refresh_token", "ä", (400, "invalid_grant")),
        ("refresh_token", access, (400, "invalid_grant")),
        ("refresh_token", session, (400, "invalid_grant")),
        ("client_secret", "", (401, "invalid_client")),
        ("client_secret", &other.secret, (401, "invalid_client")),
        ("scope", "openid email", (400, "invalid_scope")),
        ("scope", "profile", (400, "invalid_scope")),
    ] {
        let mut form = party.renewal(refresh);
        form.insert(name.to_owned(), value.to_owned());
        assert_eq!(party.token(&form).await.problem(), error, "{name}={value}");
    }
    // Nothing of that has spent it.
    party.renew(&tokens).await;
}

#[actix_web::test]
async fn tokens_of_an_authorization_are_bounded() {
    let (party, _, mut tokens) = granted().await;
    for _ in 0..6 {
        party.service.clock.advance(Duration::from_secs(1));
        tokens = party.renew(&tokens).await;
    }
    let live = "SELECT count(*) FROM client_tokens WHERE NOT renews";
    assert_eq!(party.service.store.number(live).await, 3);
}
