//! Reads the authority's answers. A clear yes or no is passed on; anything else is unknown, which
//! never sends a user to the log-in.

#[cfg(test)]
mod answer_tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use service_runtime::http::JsonObject;
use uuid::Uuid;

use super::{
    Caller,
    identify_error::{Identification, IdentifyError, UnknownCause},
};

/// The largest answer about one token that counts, in bytes.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The largest answer about a batch that is read, in bytes: what 64 users with 200 permissions
/// each would take. If it is larger, each token is asked about alone.
pub(super) const MAX_BATCH_ANSWER_BYTES: usize = 1024 * 1024;

/// When an answer was asked for, and when it arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) asked: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

/// Reads an answer about one token.
pub(super) fn identification(status: StatusCode, body: &[u8], times: Times) -> Identification {
    match status {
        _ if body.len() > MAX_ANSWER_BYTES => Err(UnknownCause::TooLarge.into()),
        StatusCode::OK => identify_active(body, times),
        StatusCode::UNAUTHORIZED => Err(IdentifyError::Invalid),
        StatusCode::FORBIDDEN => Err(IdentifyError::Forbidden),
        status => Err(UnknownCause::Status(status).into()),
    }
}

/// Reads the 200 answer about a batch: one result for each token, in their order. Each entry is
/// read as an answer of its own, so an invalid one does not affect the others.
///
/// # Errors
/// When the entries cannot be matched to the tokens.
pub(super) fn identifications(
    body: &[u8],
    tokens: usize,
    times: Times,
) -> Result<Vec<Identification>, UnknownCause> {
    let JsonObject(batch): JsonObject<BatchAnswer<'_>> =
        serde_json::from_slice(body).map_err(|_| UnknownCause::InvalidAnswer)?;
    if batch.answers.len() != tokens {
        return Err(UnknownCause::InvalidAnswer);
    }
    Ok(batch.answers.into_iter().map(|entry| entry_identification(entry.get(), times)).collect())
}

fn entry_identification(entry: &str, times: Times) -> Identification {
    let status = serde_json::from_str::<JsonObject<EntryStatus>>(entry).ok();
    let status = status.and_then(|entry| StatusCode::from_u16(entry.0.status).ok());
    identification(status.ok_or(UnknownCause::InvalidAnswer)?, entry.as_bytes(), times)
}

fn identify_active(body: &[u8], times: Times) -> Identification {
    let JsonObject(answer): JsonObject<ValidationAnswer<'_>> =
        serde_json::from_slice(body).map_err(|_| UnknownCause::InvalidAnswer)?;
    if answer.ended_meanwhile(times) {
        return Err(IdentifyError::Invalid);
    }
    let caller = answer.into_caller().ok_or(UnknownCause::InvalidAnswer)?;
    if caller.expires_at <= times.now {
        let expires_at = caller.expires_at;
        return Err(UnknownCause::ExpiredByOurClock { expires_at, now: times.now }.into());
    }
    Ok(caller)
}

#[derive(Deserialize)]
struct BatchAnswer<'a> {
    #[serde(borrow)]
    answers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct EntryStatus {
    status: u16,
}

/// The fields of the authority's 200 that the gateway needs.
#[derive(Deserialize)]
struct ValidationAnswer<'a> {
    success: bool,
    authorized: bool,
    username: Arc<str>,
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
    /// Of any type, as the next: the answer counts without them.
    #[serde(borrow, default)]
    roles: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session_id: Option<&'a RawValue>,
}

impl ValidationAnswer<'_> {
    /// Whether the token expired while the answer was on its way.
    fn ended_meanwhile(&self, times: Times) -> bool {
        (times.asked..=times.now).contains(&self.expires_at)
    }

    /// `None` unless the answer says clearly that the token is live. A permission of an unknown
    /// form permits nothing.
    fn into_caller(self) -> Option<Caller> {
        let vouches = self.success && self.authorized;
        let is_named = !self.username.is_empty();
        let permissions = self.permissions.iter().filter_map(|text| text.parse().ok()).collect();
        (vouches && is_named).then_some(Caller {
            username: self.username,
            user_id: self.user_id.and_then(uuid),
            roles: self.roles.and_then(words).unwrap_or_default(),
            permissions,
            session_id: self.session_id.and_then(uuid),
            expires_at: self.expires_at,
        })
    }
}

/// `None` unless they are words.
fn words(value: &RawValue) -> Option<Arc<[String]>> {
    serde_json::from_str(value.get()).ok()
}

/// `None` unless it is one.
fn uuid(value: &RawValue) -> Option<Uuid> {
    serde_json::from_str(value.get()).ok()
}
