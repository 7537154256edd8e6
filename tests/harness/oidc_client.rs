//! A client of OpenID Connect at the authority.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Ask},
    browser::Browser,
    caller::Caller,
};

const CALLBACK: &str = "https://app.example.org/callback";
/// Appendix B of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A registered client with a secret.
#[derive(Debug)]
pub(crate) struct OidcClient {
    pub(crate) id: String,
    secret: String,
}

impl OidcClient {
    /// Registers a client, which may be told of the end of sessions at an address.
    pub(crate) async fn register(admin: &Caller, name: &str, told_at: Option<&str>) -> Self {
        let body = json!({
            "name": name, "redirect_uris": [CALLBACK], "backchannel_logout_uri": told_at,
        });
        let created = admin.sso(Method::POST, "/admin/clients").json(&body).ask().await;
        assert_eq!(created.status, 201, "{}", created.text());
        let text = |member: &str| created.json()[member].as_str().unwrap().to_owned();
        Self { id: text("client_id"), secret: text("client_secret") }
    }

    /// Logs the user of a browser in, and gives the answer with the tokens.
    pub(crate) async fn log_in(&self, browser: &mut Browser, anonymous: &Caller) -> Value {
        let query = format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}\
             &scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256",
            self.id
        );
        let answer = browser.open(&query).await;
        let location = answer.header("location").to_owned();
        let (_, code) = location.split_once("code=").unwrap_or_else(|| panic!("{answer:?}"));
        let code = code.split('&').next().unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = anonymous.post_form("/oauth/token", &form).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        tokens.json()
    }

    /// Asks about a token that it was given.
    pub(crate) async fn introspect(&self, anonymous: &Caller, token: &str) -> Answer {
        let request = anonymous.sso(Method::POST, "/oauth/introspect");
        let request = request.basic_auth(&self.id, Some(&self.secret));
        let form = "application/x-www-form-urlencoded";
        request.header("content-type", form).body(format!("token={token}")).ask().await
    }
}

/// The claims of a JWT. The signature is not verified.
pub(crate) fn claims(token: &str) -> Value {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
