//! Authorization requests: each parameter, right and wrong.

use actix_web::test::TestRequest;
use serde_json::json;

use super::relying_party::{Browser, CALLBACK, RelyingParty, answered, encoded};

const ISSUER: &str = "http://127.0.0.1:8001";

#[actix_web::test]
async fn client_gets_a_code_with_its_state_and_the_issuer() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let mut answer = answered(&party.send(&alice, &party.request()).await);
    assert_eq!(answer.remove("code").unwrap().len(), 43);
    let rest = [("iss", ISSUER), ("state", "s&t=a te")];
    assert_eq!(answer, rest.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let stored = party.service.store.number("SELECT count(*) FROM authorization_requests").await;
    assert_eq!(stored, 0);
}

/// Each row: changes of the request, and the error that the client is told.
#[actix_web::test]
async fn client_is_told_of_a_wrong_parameter_at_its_address() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let long = "n".repeat(1025);
    for (changes, error) in [
        (&[("response_type", "")][..], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("response_mode", "form_post")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "profile")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "create")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "https://app.example.org/r")], "request_uri_not_supported"),
        (&[("registration", "{}")], "registration_not_supported"),
    ] {
        let answer = answered(&party.send(&alice, &party.request_with(changes)).await);
        assert_eq!(answer["error"], error, "{changes:?}");
        assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("s&t=a te", ISSUER));
        assert!(!answer.contains_key("code"), "{changes:?}");
    }
    let answer = answered(&party.send(&alice, &party.request_with(&[("state", &long)])).await);
    assert_eq!((answer["error"].as_str(), answer.get("state")), ("invalid_request", None));
}

#[actix_web::test]
async fn unknown_parameters_and_scopes_are_ignored() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    for changes in [
        &[("ui_locales", "de"), ("display", "popup"), ("acr_values", "x"), ("claims", "{}")][..],
        &[("scope", "openid phone address")],
        &[("state", ""), ("nonce", "")],
        &[("response_mode", "query")],
        &[("max_age", "3600")],
        &[("prompt", "none")],
    ] {
        let answer = answered(&party.send(&alice, &party.request_with(changes)).await);
        assert!(answer.contains_key("code"), "{changes:?} {answer:?}");
    }
}

/// No redirect is sent: the error page tells the user.
#[actix_web::test]
async fn unknown_client_or_address_is_an_error_page() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    for (name, value) in [
        ("client_id", ""),
        ("client_id", "app"),
        ("client_id", "kubectl-sso"),
        ("client_id", "00000000-0000-0000-0000-000000000000"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "https://app.example.org/callback/"),
        ("redirect_uri", "https://app.example.org/callback?x=1"),
        ("redirect_uri", "https://app.example.org/callback#x"),
        ("redirect_uri", "https://app.example.org/callback/../callback"),
        ("redirect_uri", "https://app.example.org:8443/callback"),
        ("redirect_uri", "https://app.example.org.evil.example/callback"),
        ("redirect_uri", "https://app.example.org@evil.example/callback"),
        ("redirect_uri", "https://APP.example.org/callback"),
        ("redirect_uri", "http://app.example.org/callback"),
        ("redirect_uri", "javascript:alert(1)//https://app.example.org/callback"),
        ("redirect_uri", "//app.example.org/callback"),
    ] {
        // Another fault is no reason to redirect either.
        for prompt in ["", "none", "wrong"] {
            let request = party.request_with(&[(name, value), ("prompt", prompt)]);
            let answer = party.send(&alice, &request).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{value}");
            assert!(answer.text.contains("<!doctype html>"), "{}", answer.text);
        }
    }
    let request = format!("/oauth/authorize?{}&state=x", encoded(&party.request()));
    let answer = party.get(&alice, &request).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""));
}

#[actix_web::test]
async fn loopback_address_may_have_any_port() {
    let members = json!({"redirect_uris": ["http://127.0.0.1/callback"], "public": true});
    let party = RelyingParty::with(members).await;
    let alice = party.browser("alice").await;
    for (uri, status) in [
        ("http://127.0.0.1:51234/callback", 200),
        ("http://127.0.0.1/callback", 200),
        ("http://localhost:51234/callback", 400),
        ("http://127.0.0.1:51234/other", 400),
        (CALLBACK, 400),
    ] {
        let answer = party.send(&alice, &party.request_with(&[("redirect_uri", uri)])).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
    }
}

#[actix_web::test]
async fn only_navigations_begin_an_authorization() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let path = format!("/oauth/authorize?{}", encoded(&party.request()));
    for (mode, dest, status) in [
        ("navigate", "document", 303),
        ("no-cors", "image", 403),
        ("cors", "empty", 403),
        ("navigate", "iframe", 403),
    ] {
        let request = alice.request(TestRequest::get().uri(&path));
        let request = request.insert_header(("sec-fetch-mode", mode));
        let answer = party.service.send(request.insert_header(("sec-fetch-dest", dest))).await;
        assert_eq!(answer.status.as_u16(), status, "{mode} {dest}");
    }
}

#[actix_web::test]
async fn user_needs_a_role_of_the_client() {
    let party = RelyingParty::with(json!({"roles": ["reader", "admin"]})).await;
    let alice = party.browser("alice").await;
    let answer = answered(&party.send(&alice, &party.request()).await);
    assert_eq!(answer["error"], "access_denied");
    let root = party.browser("root").await;
    assert!(answered(&party.send(&root, &party.request()).await).contains_key("code"));
}

#[actix_web::test]
async fn prompt_none_asks_nobody() {
    let stranger = Browser::default();
    let none = [("prompt", "none")];
    let party = RelyingParty::confidential().await;
    let answer = answered(&party.send(&stranger, &party.request_with(&none)).await);
    assert_eq!(answer["error"], "login_required");
    let public = RelyingParty::public().await;
    let alice = public.browser("alice").await;
    let answer = answered(&public.send(&alice, &public.request_with(&none)).await);
    assert_eq!(answer["error"], "interaction_required");
}
