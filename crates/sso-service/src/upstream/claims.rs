//! What the provider says about a user.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{error::UpstreamError, settings::UpstreamSettings};
use crate::{
    store::{UpstreamIdentity, UpstreamRoles},
    users::Email,
};

/// The longest subject (OpenID Connect Core 1.0 §2).
const MAX_SUBJECT_BYTES: usize = 255;

/// The claims of a user, from the ID token and perhaps from userinfo.
#[derive(Debug)]
pub(super) struct UserClaims(pub(super) Map<String, Value>);

impl UserClaims {
    /// The subject.
    ///
    /// # Errors
    /// When it is missing or too long.
    pub(super) fn subject(&self) -> Result<&str, UpstreamError> {
        let subject = self.text("sub").filter(|subject| !subject.is_empty());
        subject
            .filter(|subject| subject.len() <= MAX_SUBJECT_BYTES)
            .ok_or(UpstreamError::Invalid("it names no user"))
    }

    /// When the user logged in at the provider, if it tells.
    pub(super) fn logged_in_at(&self) -> Option<DateTime<Utc>> {
        let seconds = self.0.get("auth_time").and_then(Value::as_i64);
        // A UUIDv7 has no earlier time.
        seconds.and_then(|seconds| DateTime::from_timestamp(seconds.max(0), 0))
    }

    /// Whether a claim that is needed is missing.
    pub(super) fn lack(&self, settings: &UpstreamSettings) -> bool {
        let lacks = |name: &str| self.0.get(name).is_none_or(Value::is_null);
        lacks(&settings.username_claim)
            || (settings.roles.is_some() && lacks(&settings.roles_claim))
    }

    /// Adds the claims of userinfo. Those of the ID token, which is signed, count first.
    ///
    /// # Errors
    /// When they are of another user (OpenID Connect Core 1.0 §5.3.2).
    pub(super) fn add(&mut self, user_info: Map<String, Value>) -> Result<(), UpstreamError> {
        if user_info.get("sub").and_then(Value::as_str) != Some(self.subject()?) {
            return Err(UpstreamError::Invalid("its userinfo is about another user"));
        }
        for (name, value) in user_info {
            self.0.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// The user, as the store takes one.
    ///
    /// # Errors
    /// When the claim that decides about roles is missing.
    pub(super) fn identity(
        &self,
        settings: &UpstreamSettings,
    ) -> Result<UpstreamIdentity, UpstreamError> {
        let roles = match &settings.roles {
            None => UpstreamRoles::GivenHere,
            Some(map) => {
                let values = self.values(&settings.roles_claim);
                let missing = || UpstreamError::ClaimMissing(settings.roles_claim.clone());
                UpstreamRoles::Claimed(map.roles_of(&values.ok_or_else(missing)?))
            }
        };
        let is_verified = self.0.get("email_verified").and_then(Value::as_bool) == Some(true);
        let email = self.text("email").filter(|_| is_verified);
        Ok(UpstreamIdentity {
            issuer: settings.issuer.as_str().to_owned(),
            subject: self.subject()?.to_owned(),
            username: self.text(&settings.username_claim).and_then(|name| name.parse().ok()),
            email: email.and_then(|email| email.parse::<Email>().ok()),
            roles,
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The values of a claim that is a text or a list of texts.
    fn values(&self, name: &str) -> Option<Vec<String>> {
        match self.0.get(name)? {
            Value::String(value) => Some(vec![value.clone()]),
            Value::Array(values) => {
                let texts = values.iter().filter_map(Value::as_str);
                Some(texts.map(str::to_owned).collect())
            }
            _ => None,
        }
    }
}
