//! The first-party client kubectl-sso at a service.

use std::collections::BTreeMap;

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};
use url::Url;

use crate::{
    http::oidc::tests::relying_party::{
        Browser, Parameters, RelyingParty, VERIFIER, field, next_page,
    },
    test_service::{Answer, PASSWORD},
};

pub(super) const LOOPBACK: &str = "http://127.0.0.1:51234/callback";

/// The tokens of a session.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) refresh_token: String,
}

impl Session {
    #[track_caller]
    pub(super) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Self { id: text("session_id"), token: text("token"), refresh_token: text("refresh_token") }
    }

    pub(super) fn browser(&self) -> Browser {
        Browser { token: Some(self.token.clone()) }
    }
}

pub(super) fn form<const N: usize>(fields: [(&str, &str); N]) -> Parameters {
    BTreeMap::from(fields.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

/// What kubectl-sso asks for, with other values. An empty one is left out.
pub(super) fn request(party: &RelyingParty, changes: &[(&str, &str)]) -> Parameters {
    let own =
        [("client_id", "kubectl-sso"), ("redirect_uri", LOOPBACK), ("scope", ""), ("nonce", "")];
    party.request_with(&[&own, changes].concat())
}

pub(super) fn redemption(code: &str) -> Parameters {
    form([
        ("grant_type", "authorization_code"),
        ("client_id", "kubectl-sso"),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ])
}

/// A log-in with the password.
pub(super) async fn log_in(party: &RelyingParty, name: &str) -> Session {
    let body = json!({"username": name, "password": PASSWORD});
    let request = TestRequest::post().uri("/auth/login").set_json(body);
    Session::of(&party.service.send(request).await)
}

/// The answer to the user who was asked and agrees.
pub(super) async fn approve(party: &RelyingParty, browser: &Browser) -> Answer {
    let asked = party.send(browser, &request(party, &[])).await;
    let decision = form([
        ("continue", &*field(&asked, "continue")),
        ("user", &*field(&asked, "user")),
        ("decision", "approve"),
    ]);
    party.service.send(browser.form("/oauth/authorize", &decision)).await
}

/// The code that kubectl-sso gets.
pub(super) async fn code(party: &RelyingParty, browser: &Browser) -> String {
    let url = next_page(&approve(party, browser).await);
    assert!(url.starts_with(LOOPBACK), "{url}");
    let url = Url::parse(&url).unwrap();
    let (_, code) = url.query_pairs().find(|(name, _)| name == "code").unwrap();
    code.into_owned()
}

/// The session of kubectl-sso that the session of a browser vouches for.
pub(super) async fn vouched(party: &RelyingParty, browser: &Session) -> Session {
    let code = code(party, &browser.browser()).await;
    Session::of(&party.token(&redemption(&code)).await)
}

pub(super) async fn refresh(party: &RelyingParty, session: &Session) -> Answer {
    let body = json!({"refresh_token": session.refresh_token});
    party.service.send(TestRequest::post().uri("/auth/refresh").set_json(body)).await
}

pub(super) async fn is_live(party: &RelyingParty, session: &Session) -> bool {
    party.service.validate(&session.token).await.status == 200
}

/// Calls the API with the token of a session.
pub(super) async fn call(
    party: &RelyingParty,
    method: Method,
    path: &str,
    by: &Session,
    body: Value,
) {
    let answer = party.service.call(method, path, &by.token, body).await;
    assert!(answer.status.is_success(), "{path} {}", answer.text);
}

/// A form with these fields, sent by our own page.
pub(super) async fn post_page(
    party: &RelyingParty,
    browser: &Browser,
    path: &str,
    form: &Parameters,
) -> Answer {
    party.service.send(browser.form(path, form)).await
}
