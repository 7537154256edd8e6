//! Log-out at the wish of a client.

use actix_web::test::TestRequest;
use serde_json::json;
use url::Url;

use super::relying_party::{Browser, Parameters, RelyingParty, encoded, field, next_page};
use crate::test_service::{Answer, TOKEN_TTL};

const AFTER: &str = "https://app.example.org/bye";

async fn logged_in() -> (RelyingParty, Browser, String) {
    let party = RelyingParty::with(json!({"post_logout_redirect_uris": [AFTER]})).await;
    let alice = party.browser("alice").await;
    let hint = party.tokens(&alice).await["id_token"].as_str().unwrap().to_owned();
    (party, alice, hint)
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl RelyingParty {
    async fn log_out(&self, browser: &Browser, pairs: &[(&str, &str)]) -> Answer {
        self.get(browser, &format!("/oauth/logout?{}", encoded(&parameters(pairs)))).await
    }

    async fn is_live(&self, browser: &Browser) -> bool {
        self.service.validate(browser.token.as_ref().unwrap()).await.status == 200
    }
}

#[actix_web::test]
async fn session_of_the_id_token_ends_at_once() {
    let (party, alice, hint) = logged_in().await;
    let pairs = [("id_token_hint", &*hint), ("post_logout_redirect_uri", AFTER), ("state", "x y")];
    let answer = party.log_out(&alice, &pairs).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "https://app.example.org/bye?state=x+y")
    );
    assert_eq!(answer.cookie("session_id").as_deref(), Some(""));
    assert!(!party.is_live(&alice).await);
}

/// The token in the cookie has expired; the session has not.
#[actix_web::test]
async fn expired_token_still_names_the_session_to_end() {
    let (party, alice, hint) = logged_in().await;
    party.service.clock.advance(TOKEN_TTL);
    let answer = party.log_out(&alice, &[("id_token_hint", &hint)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login"));
    assert_eq!(party.service.store.number("SELECT count(*) FROM client_authorizations").await, 0);
}

/// Each row: parameters that do not prove that the session is the client's to end.
#[actix_web::test]
async fn every_other_wish_asks_the_user() {
    let (party, alice, hint) = logged_in().await;
    let other = party.browser("alice").await;
    let (signed, _) = hint.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(86));
    let elsewhere = "https://evil.example/";
    for (browser, pairs) in [
        (&alice, &[][..]),
        (&alice, &[("client_id", &*party.id), ("post_logout_redirect_uri", AFTER)]),
        (&alice, &[("id_token_hint", "x")]),
        (&alice, &[("id_token_hint", &forged), ("post_logout_redirect_uri", AFTER)]),
        (&other, &[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER)]),
        (&Browser::default(), &[("id_token_hint", &hint), ("post_logout_redirect_uri", elsewhere)]),
    ] {
        let answer = party.log_out(browser, pairs).await;
        assert_eq!(field(&answer, "confirmed"), "yes", "{pairs:?}");
        assert!(party.is_live(&alice).await && party.is_live(&other).await, "{pairs:?}");
    }
}

#[actix_web::test]
async fn user_who_agrees_is_logged_out_and_goes_back() {
    let (party, alice, _) = logged_in().await;
    for (uri, expected) in
        [(AFTER, "https://app.example.org/bye?state=s"), ("https://evil.example/", "/login")]
    {
        let browser = party.browser("alice").await;
        let pairs = [("client_id", &*party.id), ("post_logout_redirect_uri", uri), ("state", "s")];
        let page = party.log_out(&browser, &pairs).await;
        let names = ["confirmed", "client_id", "post_logout_redirect_uri", "state"];
        let form: Parameters =
            names.map(|name| (name.to_owned(), field(&page, name))).into_iter().collect();
        let foreign = browser.form("/oauth/logout", &form);
        let foreign = foreign.insert_header(("sec-fetch-site", "cross-site"));
        assert_eq!(party.service.send(foreign).await.status, 403);
        assert!(party.is_live(&browser).await);
        let answer = party.service.send(browser.form("/oauth/logout", &form)).await;
        assert_eq!(next_page(&answer), expected);
        assert_eq!(answer.cookie("session_id").as_deref(), Some(""));
        assert!(!party.is_live(&browser).await);
    }
    assert!(party.is_live(&alice).await);
}

#[actix_web::test]
async fn contradictory_wish_is_an_error_page() {
    let (party, alice, hint) = logged_in().await;
    let other = "00000000-0000-0000-0000-000000000000";
    let answer = party.log_out(&alice, &[("id_token_hint", &hint), ("client_id", other)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""));
    assert!(party.is_live(&alice).await);
}

#[actix_web::test]
async fn only_navigations_log_out() {
    let (party, alice, hint) = logged_in().await;
    let get = TestRequest::get().uri("/oauth/logout?id_token_hint=x");
    let image = alice.request(get).insert_header(("sec-fetch-mode", "no-cors"));
    assert_eq!(party.service.send(image).await.status, 403);
    assert!(Url::parse(AFTER).is_ok() && !hint.is_empty());
}
