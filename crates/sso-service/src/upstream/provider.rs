//! The provider: its metadata and keys, and requests to it.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::decode_header;
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    redirect,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use service_runtime::{clock::Clock, tls::Trust};
use tokio::sync::Mutex;
use url::form_urlencoded::{self, byte_serialize};
use zeroize::Zeroizing;

use super::{
    claims::UserClaims,
    discovery::{ProviderKeys, ProviderMetadata},
    error::UpstreamError,
    id_token::{ExpectedToken, read_id_token},
    settings::UpstreamSettings,
};

/// How long the provider may take to answer a request.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long metadata and keys are used.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// How soon they are fetched again for a key that is not among them.
const SOONEST: TimeDelta = TimeDelta::seconds(10);
/// How long after a failure no other request is made.
const PAUSE: TimeDelta = TimeDelta::seconds(2);

/// The provider that users log in by.
#[derive(Debug)]
pub(crate) struct UpstreamProvider {
    http: Client,
    pub(super) settings: UpstreamSettings,
    clock: Arc<dyn Clock>,
    /// Locked while they are fetched: log-ins wait for one request together.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    provider: Option<Arc<Discovered>>,
    /// The last failure.
    failed: Option<(DateTime<Utc>, String)>,
}

/// Metadata and keys, as they were at an instant.
#[derive(Debug)]
pub(super) struct Discovered {
    pub(super) metadata: ProviderMetadata,
    keys: ProviderKeys,
    at: DateTime<Utc>,
}

/// A code of the provider, with what proves that it is ours.
pub(super) struct PresentedToProvider<'a> {
    pub(super) code: &'a str,
    pub(super) verifier: &'a str,
    pub(super) redirect_uri: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl UpstreamProvider {
    /// The provider with these settings. It is asked when a user wants to log in.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(
        settings: UpstreamSettings,
        trust: &Trust,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, UpstreamError> {
        let tls = trust.client_config();
        let tls = tls.map_err(|error| UpstreamError::Unavailable(error.to_string()))?;
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(tls)
            .timeout(ANSWER_TIME)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, settings, clock, known: Mutex::default() })
    }

    /// Metadata and keys, fetched at most an hour ago.
    ///
    /// # Errors
    /// When the provider does not answer, or not as it has to.
    pub(super) async fn discovered(&self) -> Result<Arc<Discovered>, UpstreamError> {
        self.discovered_within(FRESH).await
    }

    async fn discovered_within(&self, age: TimeDelta) -> Result<Arc<Discovered>, UpstreamError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some(provider) = known.provider.as_ref().filter(|known| now - known.at < age) {
            return Ok(provider.clone());
        }
        if let Some((at, cause)) = &known.failed
            && now - *at < PAUSE
        {
            return Err(UpstreamError::Unavailable(cause.clone()));
        }
        match self.discover(now).await {
            Ok(discovered) => {
                let discovered = Arc::new(discovered);
                *known = Known { provider: Some(discovered.clone()), failed: None };
                Ok(discovered)
            }
            Err(error) => {
                // Counted from now: those that wait behind a provider that hangs fail at once.
                known.failed = Some((self.clock.now(), error.to_string()));
                Err(error)
            }
        }
    }

    async fn discover(&self, now: DateTime<Utc>) -> Result<Discovered, UpstreamError> {
        let issuer = self.settings.issuer.as_str();
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: ProviderMetadata = json(self.http.get(url)).await?;
        metadata.check(issuer)?;
        let keys = json(self.http.get(metadata.jwks_uri.clone())).await?;
        Ok(Discovered { metadata, keys, at: now })
    }

    /// Redeems a code, and gives what the provider says about the user.
    ///
    /// # Errors
    /// When the provider refuses the code, does not answer, or answers what it must not.
    pub(super) async fn redeem(
        &self,
        presented: &PresentedToProvider<'_>,
        expected: &ExpectedToken<'_>,
    ) -> Result<UserClaims, UpstreamError> {
        let discovered = self.discovered().await?;
        let tokens = self.tokens(&discovered.metadata, presented).await?;
        let mut claims = self.read(&tokens.id_token, expected).await?;
        if claims.lack(&self.settings)
            && let (Some(url), Some(token)) =
                (&discovered.metadata.userinfo_endpoint, &tokens.access_token)
        {
            let request = self.http.get(url.clone());
            let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            claims.add(json::<Map<String, Value>>(request).await?)?;
        }
        Ok(claims)
    }

    async fn tokens(
        &self,
        metadata: &ProviderMetadata,
        presented: &PresentedToProvider<'_>,
    ) -> Result<Tokens, UpstreamError> {
        let (id, secret) = (&*self.settings.client_id, &**self.settings.client_secret);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", presented.code)
            .append_pair("redirect_uri", presented.redirect_uri)
            .append_pair("code_verifier", presented.verifier);
        let mut request = self.http.post(metadata.token_endpoint.clone());
        if metadata.takes_secret_in_body() {
            form.append_pair("client_id", id).append_pair("client_secret", secret);
        } else {
            // RFC 6749 §2.3.1.
            let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encode(id), encode(secret)));
            let basic = BASE64_STANDARD.encode(pair.as_bytes());
            request = request.header(AUTHORIZATION, format!("Basic {basic}"));
        }
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (status, body) = answer(request.body(form.finish())).await?;
        if status.is_success() {
            let no_tokens = |_| UpstreamError::Invalid("it gives no ID token");
            return serde_json::from_slice(&body).map_err(no_tokens);
        }
        match serde_json::from_slice::<TokenRefusal>(&body) {
            Ok(refusal) if status.is_client_error() => Err(UpstreamError::refused(&refusal.error)),
            _ => Err(UpstreamError::Unavailable(format!("status {status} to a code"))),
        }
    }

    /// Reads an ID token. Keys are fetched again for one whose key is not known.
    async fn read(
        &self,
        token: &str,
        expected: &ExpectedToken<'_>,
    ) -> Result<UserClaims, UpstreamError> {
        let header = decode_header(token);
        let header = header.map_err(|_| UpstreamError::Invalid("its ID token is none"))?;
        for age in [FRESH, SOONEST] {
            let discovered = self.discovered_within(age).await?;
            if let Some(key) = discovered.keys.find(header.kid.as_deref(), header.alg) {
                return read_id_token(token, header.alg, &key, expected);
            }
        }
        Err(UpstreamError::Invalid("its ID token is signed with a key that it does not publish"))
    }
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, UpstreamError> {
    let (status, body) = answer(request.header(ACCEPT, "application/json")).await?;
    if status != StatusCode::OK {
        return Err(UpstreamError::Unavailable(format!("status {status}")));
    }
    serde_json::from_slice(&body).map_err(|_| UpstreamError::Invalid("it is not the expected JSON"))
}

async fn answer(
    request: RequestBuilder,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), UpstreamError> {
    let mut response = request.send().await?;
    let (status, mut body) = (response.status(), Zeroizing::new(Vec::new()));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(UpstreamError::Invalid("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}
