//! Log-in by the provider.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use service_runtime::clock::Clock;
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::{
    error::UpstreamError,
    id_token::ExpectedToken,
    provider::{PresentedToProvider, UpstreamProvider},
};
use crate::{
    audit::{AuditLog, Event, Kind, Source},
    authority::{LoggedIn, SessionAuthority, UpstreamUser},
    network::Network,
    oidc::{Freshness, RandomText},
    sessions::Client,
    store::{NewUpstreamLogIn, RequestError, Store, UpstreamUserError},
    tokens::TokenHash,
    users::Username,
};

/// Where the provider sends browsers back to.
const CALLBACK_PATH: &str = "/auth/oidc/callback";
const SCOPE: &str = "openid profile email";

/// Log-in by the provider.
#[derive(Debug)]
pub(crate) struct UpstreamLogIn {
    provider: UpstreamProvider,
    store: Store,
    authority: Arc<SessionAuthority>,
    clock: Arc<dyn Clock>,
    audit: AuditLog,
    /// A name that no newcomer gets: that of the first administrator.
    reserved: Option<Username>,
}

/// A log-in that waits for the provider.
pub(crate) struct BegunLogIn {
    /// Where the browser goes.
    pub(crate) url: Url,
    /// What its cookie holds until it comes back.
    pub(crate) secret: RandomText,
}

/// What the provider sends a browser back with.
#[derive(Default)]
pub(crate) struct Callback {
    pub(crate) state: Option<String>,
    pub(crate) code: Option<Zeroizing<String>>,
    pub(crate) iss: Option<String>,
    pub(crate) error: Option<String>,
}

impl UpstreamLogIn {
    /// Log-in by this provider.
    pub(crate) fn new(
        provider: UpstreamProvider,
        store: Store,
        authority: Arc<SessionAuthority>,
        clock: Arc<dyn Clock>,
        audit: AuditLog,
        reserved: Option<Username>,
    ) -> Self {
        Self { provider, store, authority, clock, audit, reserved }
    }

    /// Begins a log-in of a browser that returns to `return_to`. If the user has to log in anew, that
    /// is checked when the browser comes back. An age is demanded of the provider alone: the session
    /// has the time of the log-in there.
    ///
    /// # Errors
    /// When the provider cannot be asked where to go, or too many log-ins wait.
    pub(crate) async fn begin(
        &self,
        origin: &str,
        return_to: Option<String>,
        freshness: Freshness,
        from: Source<'_>,
    ) -> Result<BegunLogIn, UpstreamError> {
        let discovered = self.provider.discovered().await?;
        let (state, secret) = (RandomText::generate()?, RandomText::generate()?);
        let log_in = NewUpstreamLogIn {
            state: state.hash(),
            browser: secret.hash(),
            network: Network::of(from.ip),
            return_to,
            is_fresh: freshness == Freshness::Anew,
            now: self.clock.now(),
        };
        self.store.begin_upstream_log_in(log_in).await.map_err(|error| match error {
            RequestError::TooMany => UpstreamError::TooMany,
            RequestError::Unavailable(error) => error.into(),
        })?;
        let verifier = derived(secret.expose(), "code_verifier");
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = discovered.metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.settings.client_id)
            .append_pair("redirect_uri", &format!("{origin}{CALLBACK_PATH}"))
            .append_pair("scope", SCOPE)
            .append_pair("state", state.expose())
            .append_pair("nonce", &derived(secret.expose(), "nonce"))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let mut parameters = url.query_pairs_mut();
        match freshness {
            Freshness::Any => {}
            Freshness::Within(seconds) => {
                parameters.append_pair("max_age", &seconds.to_string());
            }
            Freshness::Anew => {
                parameters.append_pair("prompt", "login").append_pair("max_age", "0");
            }
        }
        drop(parameters);
        Ok(BegunLogIn { url, secret })
    }

    /// Ends a log-in: begins a session of the user, who is created at the first log-in. Gives where
    /// the browser returns to as well.
    ///
    /// # Errors
    /// When this browser has begun none, the provider refuses or breaks the protocol, or the user may
    /// not log in.
    pub(crate) async fn finish(
        &self,
        callback: Callback,
        secret: Option<&str>,
        origin: &str,
        client: Client,
        request_id: &str,
    ) -> Result<(LoggedIn, Option<String>), UpstreamError> {
        let source = Source { ip: client.ip, request_id };
        let finished = self.try_finish(callback, secret, origin, client, request_id).await;
        if let Err(error) = &finished
            && let Some(reason) = reason(error)
        {
            let event = Event::new(Kind::LoginFailed, self.clock.now()).at(source);
            self.audit.record(event.because(reason));
        }
        finished
    }

    async fn try_finish(
        &self,
        callback: Callback,
        secret: Option<&str>,
        origin: &str,
        client: Client,
        request_id: &str,
    ) -> Result<(LoggedIn, Option<String>), UpstreamError> {
        let (state, secret) =
            callback.state.as_deref().zip(secret).ok_or(UpstreamError::NotBegun)?;
        let (now, browser) = (self.clock.now(), TokenHash::of(secret));
        let waiting = self.store.take_upstream_log_in(TokenHash::of(state), browser, now).await?;
        let waiting = waiting.ok_or(UpstreamError::NotBegun)?;
        let settings = &self.provider.settings;
        let discovered = self.provider.discovered().await?;
        let names_issuer = callback.iss.as_deref() == Some(settings.issuer.as_str());
        let must_name = discovered.metadata.authorization_response_iss_parameter_supported;
        if !names_issuer && (must_name || callback.iss.is_some()) {
            return Err(UpstreamError::Invalid("the answer is of another provider"));
        }
        if let Some(error) = callback.error {
            return Err(UpstreamError::refused(&error));
        }
        let code = callback.code.ok_or(UpstreamError::Invalid("it gives no code"))?;
        let redirect_uri = format!("{origin}{CALLBACK_PATH}");
        let (verifier, nonce) = (derived(secret, "code_verifier"), derived(secret, "nonce"));
        let presented =
            PresentedToProvider { code: &code, verifier: &verifier, redirect_uri: &redirect_uri };
        let expected = ExpectedToken {
            issuer: settings.issuer.as_str(),
            client_id: &settings.client_id,
            nonce: &nonce,
            now,
            logged_in_since: waiting.is_fresh.then_some(waiting.begun_at),
        };
        let claims = self.provider.redeem(&presented, &expected).await?;
        let identity = claims.identity(settings)?;
        // One since this began is as of now: the provider tells whole seconds, by its own clock.
        let begun_at = waiting.begun_at.timestamp();
        let logged_in_at = claims.logged_in_at();
        let logged_in_at = logged_in_at.filter(|at| !waiting.is_fresh && at.timestamp() < begun_at);
        let source = Source { ip: client.ip, request_id };
        let event = Event::new(Kind::Registered, now).at(source).because("upstream");
        let recorded =
            self.store.upstream_user(identity, self.reserved.clone(), now, event).await?;
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        let authenticated = UpstreamUser { user: recorded.done, logged_in_at };
        let logged_in = self.authority.log_in_upstream(authenticated, client, request_id).await?;
        Ok((logged_in, waiting.return_to))
    }
}

/// A secret that only the browser with this cookie can have sent: nothing of it is stored.
fn derived(secret: &str, label: &str) -> Zeroizing<String> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes());
    // HMAC takes a key of any length.
    let Ok(mut mac) = mac else { unreachable!("HMAC refused a key") };
    mac.update(label.as_bytes());
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The reason that the audit log names. The authority has recorded the others.
fn reason(error: &UpstreamError) -> Option<&'static str> {
    match error {
        UpstreamError::NotBegun => Some("upstream_state"),
        UpstreamError::Invalid(_) => Some("upstream_invalid"),
        UpstreamError::Refused(_) => Some("upstream_refused"),
        UpstreamError::ClaimMissing(_) => Some("upstream_claim"),
        UpstreamError::User(UpstreamUserError::Disabled) => Some("disabled"),
        UpstreamError::User(UpstreamUserError::NotPermitted) => Some("upstream_roles"),
        UpstreamError::Unavailable(_) => Some("upstream_unavailable"),
        _ => None,
    }
}
