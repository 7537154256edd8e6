//! Authorization requests (OpenID Connect Core, section 3.1.2.1).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{fault::RequestFault, pkce::CodeChallenge, scope::OidcScope};
use crate::oidc::client::ClientId;

/// The longest `state` and `nonce`, in bytes.
const MAX_BYTES: usize = 1024;
/// The longest `scope` and `prompt`, in bytes.
const MAX_WORDS_BYTES: usize = 512;

/// The parameters of an authorization request that are known, as they were sent.
#[derive(Default)]
pub(crate) struct RequestParameters {
    pub(crate) client_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) response_type: Option<String>,
    pub(crate) response_mode: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) max_age: Option<String>,
    pub(crate) id_token_hint: Option<String>,
    /// Whether the parameters are in a JWT, here or elsewhere.
    pub(crate) request: Option<String>,
    pub(crate) request_uri: Option<String>,
    pub(crate) registration: Option<String>,
}

/// An authorization request of a known client with one of its addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: String,
    /// As it is written. Empty for a first-party client, which gets a session.
    scope: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    code_challenge: String,
    pub(crate) prompt: Prompt,
    /// How long ago the user may have logged in, in seconds.
    max_age: Option<u32>,
    /// The user that the client expects.
    pub(crate) subject: Option<Uuid>,
    /// When it began, in milliseconds since 1970.
    began_at: i64,
}

/// What the user is to be asked for (section 3.1.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// For nothing: the answer is an error if something would have to be asked.
    pub(crate) none: bool,
    /// For the password, or another account.
    pub(crate) login: bool,
    /// Whether to go on.
    pub(crate) consent: bool,
}

/// How recently a user has to have logged in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// At any time.
    #[default]
    Any,
    /// At most so many seconds ago.
    Within(u32),
    /// Since it was demanded.
    Anew,
}

impl AuthorizationRequest {
    /// The request of this client with these parameters. `subject` is the user of the ID token in
    /// it.
    ///
    /// # Errors
    /// What the client is told of a wrong parameter.
    pub(crate) fn new(
        client: ClientId,
        redirect_uri: String,
        parameters: RequestParameters,
        subject: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Self, RequestFault> {
        check_support(&parameters)?;
        let scope = match client {
            ClientId::KubectlSso => String::new(),
            ClientId::Registered(_) => parse_scope(parameters.scope)?.to_string(),
        };
        if parameters.code_challenge_method.as_deref() != Some("S256") {
            return Err(RequestFault::CHALLENGE_METHOD);
        }
        let challenge = parameters.code_challenge.as_deref().and_then(CodeChallenge::parse);
        Ok(Self {
            client,
            redirect_uri,
            scope,
            state: parameters.state,
            nonce: bounded(parameters.nonce).map_err(|_| RequestFault::NONCE)?,
            code_challenge: challenge.ok_or(RequestFault::CHALLENGE)?.as_str().to_owned(),
            prompt: Prompt::parse(parameters.prompt.as_deref().unwrap_or_default())?,
            max_age: parameters.max_age.map(|text| parse_max_age(&text)).transpose()?,
            subject,
            began_at: now.timestamp_millis(),
        })
    }

    /// The scope.
    pub(crate) fn scope(&self) -> OidcScope {
        OidcScope::parse(&self.scope).unwrap_or_default()
    }

    /// The challenge that the verifier has to answer.
    pub(crate) fn code_challenge(&self) -> &str {
        &self.code_challenge
    }

    /// How recently the user has to have logged in.
    pub(crate) fn freshness(&self) -> Freshness {
        match self.max_age {
            _ if self.prompt.login => Freshness::Anew,
            Some(0) => Freshness::Anew,
            Some(seconds) => Freshness::Within(seconds),
            None => Freshness::Any,
        }
    }

    /// Whether a user who logged in then, in milliseconds since 1970, has to log in again. A log-in
    /// for this very request is always enough.
    pub(crate) fn needs_log_in(&self, logged_in_at: i64, now: DateTime<Utc>) -> bool {
        let is_for_this = logged_in_at >= self.began_at;
        let age = now.timestamp_millis() - logged_in_at;
        let is_too_old = self.max_age.is_some_and(|most| age > i64::from(most) * 1000);
        !is_for_this && (self.prompt.login || is_too_old)
    }
}

/// The `state` of a request, if it is not too long to be kept and repeated.
///
/// # Errors
/// What the client is told of a longer one.
pub(crate) fn checked_state(state: Option<String>) -> Result<Option<String>, RequestFault> {
    bounded(state).map_err(|_| RequestFault::STATE)
}

fn bounded(text: Option<String>) -> Result<Option<String>, ()> {
    match text {
        Some(text) if text.len() > MAX_BYTES => Err(()),
        text => Ok(text),
    }
}

fn parse_scope(text: Option<String>) -> Result<OidcScope, RequestFault> {
    let text = text.filter(|text| text.len() <= MAX_WORDS_BYTES);
    text.as_deref().and_then(OidcScope::parse).ok_or(RequestFault::SCOPE)
}

fn check_support(parameters: &RequestParameters) -> Result<(), RequestFault> {
    if parameters.request.is_some() {
        return Err(RequestFault::REQUEST);
    }
    if parameters.request_uri.is_some() {
        return Err(RequestFault::REQUEST_URI);
    }
    if parameters.registration.is_some() {
        return Err(RequestFault::REGISTRATION);
    }
    match parameters.response_type.as_deref() {
        None => return Err(RequestFault::NO_RESPONSE_TYPE),
        Some("code") => {}
        Some(_) => return Err(RequestFault::RESPONSE_TYPE),
    }
    match parameters.response_mode.as_deref() {
        None | Some("query") => Ok(()),
        Some(_) => Err(RequestFault::RESPONSE_MODE),
    }
}

/// Any number of seconds is understood, and those beyond a hundred years are as good as none.
fn parse_max_age(text: &str) -> Result<u32, RequestFault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RequestFault::MAX_AGE);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, RequestFault> {
        if text.len() > MAX_WORDS_BYTES {
            return Err(RequestFault::PROMPT);
        }
        let mut prompt = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                // Another account is chosen by logging in to it.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(RequestFault::PROMPT),
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(RequestFault::PROMPT);
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::test_service::noon;

    #[test]
    fn prompt_is_a_list_of_known_words_or_none_alone() {
        let prompt = |none, login, consent| Ok(Prompt { none, login, consent });
        for (text, expected) in [
            ("", prompt(false, false, false)),
            ("none", prompt(true, false, false)),
            ("login", prompt(false, true, false)),
            ("select_account", prompt(false, true, false)),
            ("login consent", prompt(false, true, true)),
            ("none login", Err(RequestFault::PROMPT)),
            ("none consent", Err(RequestFault::PROMPT)),
            ("Login", Err(RequestFault::PROMPT)),
            ("create", Err(RequestFault::PROMPT)),
        ] {
            assert_eq!(Prompt::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn log_in_is_needed_by_prompt_or_age_unless_it_was_for_this_request() {
        let parameters = |prompt: &str, max_age: Option<&str>| RequestParameters {
            response_type: Some("code".to_owned()),
            scope: Some("openid".to_owned()),
            code_challenge: Some("A".repeat(43)),
            code_challenge_method: Some("S256".to_owned()),
            prompt: Some(prompt.to_owned()),
            max_age: max_age.map(str::to_owned),
            ..RequestParameters::default()
        };
        for (prompt, max_age, seconds_before, expected) in [
            ("", None, 86_400, false),
            ("login", None, 1, true),
            ("login", None, 0, false),
            ("login", None, -1, false),
            ("", Some("0"), 1, true),
            ("", Some("0"), 0, false),
            ("", Some("0"), -1, false),
            ("", Some("60"), 50, false),
            ("", Some("60"), 51, true),
            ("", Some("99999999999999999999"), 1_000_000, false),
        ] {
            let parameters = parameters(prompt, max_age);
            let began = noon();
            let id = Uuid::from_u128(1).into();
            let request =
                AuthorizationRequest::new(id, String::new(), parameters, None, began).unwrap();
            let logged_in = began - TimeDelta::seconds(seconds_before);
            let later = began + TimeDelta::seconds(10);
            let needs = request.needs_log_in(logged_in.timestamp_millis(), later);
            assert_eq!(needs, expected, "{prompt} {max_age:?} {seconds_before}");
        }
    }
}
