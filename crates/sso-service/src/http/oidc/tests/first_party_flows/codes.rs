//! kubectl-sso by the code flow: it gets a session, which the session of the browser vouches for.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};
use service_runtime::clock::Clock;
use uuid::Uuid;

use super::plugin::{
    LOOPBACK, Session, approve, code, form, is_live, log_in, redemption, refresh, request, vouched,
};
use crate::{
    http::oidc::tests::relying_party::{CALLBACK, RelyingParty, answered, field},
    sessions::log_in_millis,
    test_service::LIFETIMES,
};

#[actix_web::test]
async fn user_is_asked_and_kubectl_sso_gets_a_session() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let asked = party.send(&alice.browser(), &request(&party, &[])).await;
    for words in ["kubectl-sso", "alice", "everything that you can do", "on this computer"] {
        assert!(asked.text.contains(words), "{words}: {}", asked.text);
    }
    party.service.clock.advance(LIFETIMES.token / 2);
    let begun = vouched(&party, &alice).await;
    assert!(begun.token.starts_with("sso_") && begun.refresh_token.starts_with("ssor_"));
    let validated = party.service.validate(&begun.token).await;
    assert_eq!(validated.body["username"], "alice");
    assert_ne!(begun.id, alice.id);
    let log_in_time = |session: &Session| log_in_millis(session.id.parse::<Uuid>().unwrap());
    assert_eq!(log_in_time(&begun), log_in_time(&alice), "auth_time");
    let ends = "SELECT count(DISTINCT ends_at) FROM sessions WHERE user_number = \
                (SELECT number FROM users WHERE username = 'alice')";
    assert_eq!(party.service.store.number(ends).await, 1);
}

/// Each row: changes of the request, and whether the user is asked.
#[actix_web::test]
async fn only_loopback_addresses_get_a_code() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await.browser();
    for (uri, is_asked) in [
        (LOOPBACK, true),
        ("http://127.0.0.1/callback", true),
        ("http://[::1]:8000/callback", true),
        ("http://localhost:51234/callback", false),
        ("http://127.0.0.1:51234/callback/", false),
        ("http://127.0.0.1:51234/callback?x=1", false),
        ("http://127.0.0.1:51234/", false),
        ("http://127.0.0.1.evil.example/callback", false),
        ("http://127.0.0.1@evil.example/callback", false),
        ("http://0x7f.1:51234/callback", false),
        ("https://127.0.0.1:51234/callback", false),
        (CALLBACK, false),
    ] {
        let answer = party.send(&alice, &request(&party, &[("redirect_uri", uri)])).await;
        assert_eq!(answer.status.as_u16(), if is_asked { 200 } else { 400 }, "{uri}");
        assert_eq!(answer.header("location"), "", "{uri}");
    }
    let none = party.send(&alice, &request(&party, &[("prompt", "none")])).await;
    let (_, query) = none.header("location").split_once("error=").unwrap();
    assert!(query.starts_with("interaction_required&"), "{query}");
}

#[actix_web::test]
async fn page_of_another_site_cannot_agree() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await.browser();
    let asked = party.send(&alice, &request(&party, &[])).await;
    let decision = form([
        ("continue", &*field(&asked, "continue")),
        ("user", &*field(&asked, "user")),
        ("decision", "approve"),
    ]);
    for site in ["cross-site", "same-site", "none"] {
        let sent = alice.form("/oauth/authorize", &decision);
        let answer = party.service.send(sent.insert_header(("sec-fetch-site", site))).await;
        assert_eq!(answer.status, 403, "{site}");
    }
}

/// Each row: a change of the redemption.
#[actix_web::test]
async fn code_is_good_for_what_it_was_issued_for_alone() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let other = "http://127.0.0.1:51235/callback";
    for (name, value, seconds) in [
        ("code_verifier", "a-verifier-of-another-flow-that-is-43-chars", 0),
        ("redirect_uri", other, 0),
        ("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0),
        ("client_secret", "x", 0),
        ("state", "ignored", 60),
    ] {
        let code = code(&party, &alice.browser()).await;
        party.service.clock.advance(std::time::Duration::from_secs(seconds));
        let mut wrong = redemption(&code);
        wrong.insert(name.to_owned(), value.to_owned());
        let refused = party.token(&wrong).await;
        assert!(matches!(refused.status.as_u16(), 400 | 401), "{name}: {}", refused.text);
        assert!(!refused.text.contains("sso_"), "{name}");
    }
    // The code of kubectl-sso in the hands of another client, and the other way round.
    let own = code(&party, &alice.browser()).await;
    let mut stolen = party.redemption(&own);
    stolen.insert("redirect_uri".to_owned(), LOOPBACK.to_owned());
    assert_eq!(party.token(&stolen).await.problem(), (400, "invalid_grant"));
    let foreign = party.code(&alice.browser()).await;
    let mut stolen = redemption(&foreign);
    stolen.insert("redirect_uri".to_owned(), CALLBACK.to_owned());
    assert_eq!(party.token(&stolen).await.problem(), (400, "invalid_grant"));
    assert_eq!(party.token(&redemption(&own)).await.status, 200, "nobody else spends a code");
}

#[actix_web::test]
async fn code_that_is_presented_again_ends_the_session_it_gave() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let code = code(&party, &alice.browser()).await;
    let begun = Session::of(&party.token(&redemption(&code)).await);
    assert!(is_live(&party, &begun).await);
    assert_eq!(party.token(&redemption(&code)).await.problem(), (400, "invalid_grant"));
    assert!(!is_live(&party, &begun).await);
    assert_eq!(refresh(&party, &begun).await.status, 401);
    assert!(is_live(&party, &alice).await, "the session of the browser goes on");
    let kinds: Vec<_> = party.service.audited().iter().map(|line| line["audit"].clone()).collect();
    let expected = ["client_authorized", "client_session_begun", "client_token_reused"];
    assert!(kinds.ends_with(&expected.map(Value::from)), "{kinds:?}");
}

#[actix_web::test]
async fn session_of_kubectl_sso_vouches_for_no_other_and_outlives_nothing() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let begun = vouched(&party, &alice).await;
    let laundered = approve(&party, &begun.browser()).await;
    assert_eq!(laundered.status, 400, "{}", laundered.text);
    // A client of OpenID Connect is told when the user logged in, not when kubectl-sso did.
    let logged_in = answered(&party.send(&begun.browser(), &party.request()).await);
    assert!(logged_in.contains_key("code"));
    let mut last = begun;
    for _ in 0..4 {
        party.service.clock.advance(LIFETIMES.session / 5);
        last = Session::of(&refresh(&party, &last).await);
    }
    let end = party.service.clock.now() + LIFETIMES.session / 5;
    let expires = "SELECT max(expires_at) FROM refresh_tokens";
    assert_eq!(party.service.store.number(expires).await, end.timestamp_millis());
    party.service.clock.advance(LIFETIMES.session / 5);
    assert_eq!(refresh(&party, &last).await.status, 401);
}

/// Each row: the client, whose refresh token, and the answer.
#[actix_web::test]
async fn refresh_token_of_a_session_is_accepted_from_kubectl_sso_for_its_own_alone() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let begun = vouched(&party, &alice).await;
    let renewal = |session: &Session| {
        form([
            ("grant_type", "refresh_token"),
            ("client_id", "kubectl-sso"),
            ("refresh_token", &*session.refresh_token),
        ])
    };
    assert_eq!(party.token(&renewal(&alice)).await.problem(), (400, "invalid_grant"));
    for session in [&alice, &begun] {
        let by_other = party.token(&party.renewal(&session.refresh_token)).await;
        assert_eq!(by_other.problem(), (400, "invalid_grant"));
    }
    let access = form([
        ("grant_type", "refresh_token"),
        ("client_id", "kubectl-sso"),
        ("refresh_token", &*begun.token),
    ]);
    assert_eq!(party.token(&access).await.problem(), (400, "invalid_grant"));
    let renewed = Session::of(&party.token(&renewal(&begun)).await);
    assert!(is_live(&party, &renewed).await && is_live(&party, &alice).await);
    party.service.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(party.token(&renewal(&begun)).await.problem(), (400, "invalid_grant"));
    assert!(!is_live(&party, &renewed).await, "a spent token was seen again");
}

#[actix_web::test]
async fn kubectl_sso_is_built_in() {
    let party = RelyingParty::confidential().await;
    let root = log_in(&party, "root").await;
    let listed = party.service.call(Method::GET, "/admin/clients", &root.token, Value::Null).await;
    assert_eq!(listed.body["clients"].as_array().unwrap().len(), 1);
    for (method, status) in [(Method::PATCH, 404), (Method::DELETE, 404)] {
        let path = "/admin/clients/kubectl-sso";
        let answer = party.service.call(method, path, &root.token, json!({})).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    let body = json!({"name": "kubectl-sso", "redirect_uris": [CALLBACK]});
    let taken = party.service.call(Method::POST, "/admin/clients", &root.token, body).await;
    assert_eq!(taken.status, 409);
    let alice = log_in(&party, "alice").await.browser();
    let request = TestRequest::get().uri("/oauth/introspect");
    assert_eq!(party.service.send(alice.request(request)).await.status, 405);
}
