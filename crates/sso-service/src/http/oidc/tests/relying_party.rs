//! A client, and the browsers of its users.

use std::collections::BTreeMap;

use actix_web::{http::Method, test::TestRequest};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{
    oidc::CodeChallenge,
    test_service::{Answer, TestService},
};

/// What the client proves that it began the flow with.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CALLBACK: &str = "https://app.example.org/callback";

/// A client at a service, whose administrator is root and whose user is alice.
pub(crate) struct RelyingParty {
    pub(crate) service: TestService,
    pub(crate) id: String,
    /// Empty for a public client.
    pub(crate) secret: String,
}

/// A browser with the session cookie of a user, or without one.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) token: Option<String>,
}

/// The parameters of a request or an answer.
pub(crate) type Parameters = BTreeMap<String, String>;

impl RelyingParty {
    pub(crate) async fn confidential() -> Self {
        Self::with(json!({})).await
    }

    pub(crate) async fn public() -> Self {
        Self::with(json!({"public": true})).await
    }

    /// A client with these members.
    pub(crate) async fn with(members: Value) -> Self {
        Self::at(TestService::start().await, members).await
    }

    /// The same at a service with a key for RS256.
    pub(crate) async fn with_rsa_key(members: Value) -> Self {
        Self::at(TestService::with_rsa_key().await, members).await
    }

    /// A client with these members at this service.
    pub(crate) async fn at(service: TestService, members: Value) -> Self {
        service.add_user("alice", &[]).await;
        let root = service.add_admin("root").await;
        let mut body = json!({"name": "App", "redirect_uris": [CALLBACK]});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let created = service.call(Method::POST, "/admin/clients", &root, body).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let text = |name: &str| created.body[name].as_str().unwrap_or_default().to_owned();
        Self { id: text("client_id"), secret: text("client_secret"), service }
    }

    /// A browser in which this user is logged in.
    pub(crate) async fn browser(&self, name: &str) -> Browser {
        Browser { token: Some(self.service.log_in(name).await) }
    }

    /// The parameters of an authorization request.
    pub(crate) fn request(&self) -> Parameters {
        let challenge = CodeChallenge::of_verifier(VERIFIER).unwrap();
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile groups offline_access"),
            ("state", "s&t=a te"),
            ("nonce", "n-1"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The same with other values. An empty one is left out.
    pub(crate) fn request_with(&self, changes: &[(&str, &str)]) -> Parameters {
        let mut parameters = self.request();
        for (name, value) in changes {
            parameters.insert((*name).to_owned(), (*value).to_owned());
        }
        parameters.retain(|_, value| !value.is_empty());
        parameters
    }

    /// Sends a browser to the service with an authorization request.
    pub(crate) async fn send(&self, browser: &Browser, parameters: &Parameters) -> Answer {
        self.get(browser, &format!("/oauth/authorize?{}", encoded(parameters))).await
    }

    pub(crate) async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.service.send(browser.request(TestRequest::get().uri(path))).await
    }

    /// The code that the client gets for the user of the browser.
    pub(crate) async fn code(&self, browser: &Browser) -> String {
        let answer = self.send(browser, &self.request()).await;
        answered(&answer)["code"].clone()
    }

    /// The form that redeems a code.
    pub(crate) fn redemption(&self, code: &str) -> Parameters {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    pub(crate) async fn token(&self, form: &Parameters) -> Answer {
        self.post("/oauth/token", form).await
    }

    pub(crate) async fn post(&self, path: &str, form: &Parameters) -> Answer {
        self.service.send(post(path, form)).await
    }

    /// The tokens for a new code.
    pub(crate) async fn tokens(&self, browser: &Browser) -> Value {
        let code = self.code(browser).await;
        let answer = self.token(&self.redemption(&code)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }

    /// The form that spends a refresh token.
    pub(crate) fn renewal(&self, refresh_token: &str) -> Parameters {
        let mut form = self.redemption("");
        form.retain(|name, _| name.starts_with("client_"));
        form.insert("grant_type".to_owned(), "refresh_token".to_owned());
        form.insert("refresh_token".to_owned(), refresh_token.to_owned());
        form
    }

    /// Sends a request with the client's id and secret in the header.
    pub(crate) async fn post_by_basic(&self, path: &str, form: &Parameters) -> Answer {
        let credentials = BASE64_STANDARD.encode(format!("{}:{}", self.id, self.secret));
        let request = post(path, form);
        let request = request.insert_header(("authorization", format!("Basic {credentials}")));
        self.service.send(request).await
    }

    /// The claims that an access token gives.
    pub(crate) async fn user_info(&self, token: &str) -> Answer {
        let get = TestRequest::get().uri("/oauth/userinfo");
        self.service.send(crate::test_service::bearer(get, token)).await
    }
}

impl Browser {
    /// A request by a navigation, with the cookie.
    pub(crate) fn request(&self, request: TestRequest) -> TestRequest {
        let request = request.insert_header(("accept", "text/html"));
        match &self.token {
            Some(token) => request.insert_header(("cookie", format!("session_id={token}"))),
            None => request,
        }
    }

    /// A form of our own page.
    pub(crate) fn form(&self, path: &str, form: &Parameters) -> TestRequest {
        self.request(post(path, form)).insert_header(("sec-fetch-site", "same-origin"))
    }
}

fn post(path: &str, form: &Parameters) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(encoded(form))
}

pub(crate) fn encoded(parameters: &Parameters) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The parameters with which a browser goes to the client.
#[track_caller]
pub(crate) fn answered(answer: &Answer) -> Parameters {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    answered_at(answer.header("location"))
}

#[track_caller]
pub(crate) fn answered_at(url: &str) -> Parameters {
    let url = Url::parse(url).unwrap();
    assert_eq!(url.as_str().split('?').next(), Some(CALLBACK));
    url.query_pairs().into_owned().collect()
}

/// Where a page of ours navigates to.
#[track_caller]
pub(crate) fn next_page(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (_, rest) = answer.text.split_once("content=\"0; url=").expect("a page that navigates on");
    unescaped(rest.split_once('"').unwrap().0)
}

/// The value of a hidden field of a page.
#[track_caller]
pub(crate) fn field(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let begin = format!("name=\"{name}\" value=\"");
    let (_, rest) =
        answer.text.split_once(&begin).unwrap_or_else(|| panic!("no {name}: {}", answer.text));
    unescaped(rest.split_once('"').unwrap().0)
}

/// The text of an attribute.
pub(crate) fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}
