//! Log-in without a password here: by a code that a browser brings, or by a device code.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use reqwest::{RequestBuilder, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{
    client::{AuthorityClient, read_body, succeeded},
    error::AuthorityError,
};
use crate::session::Session;

/// The id of this program, a client that is built into the authority.
pub(crate) const CLIENT_ID: &str = env!("CARGO_PKG_NAME");
const METADATA: &str = "/.well-known/oauth-authorization-server";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The time limit of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a browser logs in (RFC 8414).
#[derive(Debug, Deserialize)]
pub(crate) struct BrowserEndpoints {
    /// What the answer in the browser must name (RFC 9207).
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: WebUrl,
}

/// The codes of this device (RFC 8628, section 3.2).
#[derive(Deserialize)]
pub(crate) struct DeviceCodes {
    device_code: String,
    pub(crate) user_code: String,
    pub(crate) verification_uri: WebUrl,
    pub(crate) verification_uri_complete: WebUrl,
    /// In seconds, as the next one.
    pub(crate) expires_in: u64,
    pub(crate) interval: u64,
}

impl AuthorityClient<'_> {
    /// Where a browser logs in at this authority.
    pub(crate) async fn browser_endpoints(&self) -> Result<BrowserEndpoints, AuthorityError> {
        let request = self.http.get(self.url.at(METADATA)).timeout(TIMEOUT);
        let body = read_body(succeeded(request, StatusCode::OK).await?).await?;
        serde_json::from_slice(&body).map_err(|_| AuthorityError::InvalidAnswer)
    }

    /// Begins a session for the code that a browser brought.
    pub(crate) async fn redeem(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Session, AuthorityError> {
        let request = self.form(
            "/oauth/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", verifier),
            ],
        );
        self.session_by(request).await
    }

    /// Asks for the codes of this device.
    pub(crate) async fn device_codes(&self) -> Result<DeviceCodes, AuthorityError> {
        let request = self.form("/oauth/device", &[]);
        let body = read_body(succeeded(request, StatusCode::OK).await?).await?;
        let codes: Option<DeviceCodes> = serde_json::from_slice(&body).ok();
        codes.filter(DeviceCodes::are_showable).ok_or(AuthorityError::InvalidAnswer)
    }

    /// Begins a session for a device code, once the user has agreed.
    pub(crate) async fn redeem_device(
        &self,
        codes: &DeviceCodes,
    ) -> Result<Session, AuthorityError> {
        let fields = [("grant_type", DEVICE_CODE), ("device_code", &codes.device_code)];
        self.session_by(self.form("/oauth/token", &fields)).await
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CLIENT_ID)
            .extend_pairs(fields)
            .finish();
        let request = self.http.post(self.url.at(path)).timeout(TIMEOUT);
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
    }
}

impl DeviceCodes {
    /// Whether the code is safe to show on a terminal.
    fn are_showable(&self) -> bool {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=32).contains(&self.user_code.len()) && self.user_code.bytes().all(is_letter)
    }
}

/// The address of a page. The parser has left no character in it that a terminal would act upon.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct WebUrl(pub(crate) Url);

impl TryFrom<String> for WebUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self).ok_or("must be the address of a page")
    }
}

impl Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_showable_codes_are_accepted() {
        let good = json!({
            "device_code": "x",
            "user_code": "BCDF-GHJK",
            "verification_uri": "https://sso.example/device",
            "verification_uri_complete": "https://sso.example/device?user_code=BCDF-GHJK",
            "expires_in": 600,
            "interval": 5,
        });
        let is_showable = |body: serde_json::Value| {
            serde_json::from_value::<DeviceCodes>(body).is_ok_and(|codes| codes.are_showable())
        };
        assert!(is_showable(good.clone()));
        for (field, value) in [
            ("user_code", "\u{1b}[2J"),
            ("user_code", ""),
            ("verification_uri", "file:///etc/passwd"),
            ("verification_uri_complete", "javascript:alert(1)"),
            ("verification_uri", "sso.example"),
        ] {
            let mut body = good.clone();
            body[field] = value.into();
            assert!(!is_showable(body), "{field} {value}");
        }
    }
}
