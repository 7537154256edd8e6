//! The answers of the authority about tokens.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use humantime::{format_rfc3339_millis, format_rfc3339_seconds};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

/// The end of the year 9999, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;

/// The most tokens in one call.
pub const MAX_BATCH: usize = 64;

/// The answer of `POST /auth/validate` about a live token: its user and its terms.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Validation<'a> {
    /// The part that is the same for every token of a user.
    #[serde(flatten)]
    pub identity: Identity<'a>,
    /// The part that differs.
    #[serde(flatten)]
    pub token: TokenTerms,
}

/// The user of a live token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Identity<'a> {
    /// Always true.
    pub success: bool,
    /// Always true: anything else is not a 200.
    pub authorized: bool,
    /// The user's name.
    pub username: &'a str,
    /// The user's id.
    pub user_id: Uuid,
    /// The user's roles, sorted.
    pub roles: &'a [String],
    /// The permissions of roles and grants, sorted.
    pub permissions: &'a [String],
}

/// The session and the life time of a live token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenTerms {
    /// The session's id; `None` for an API key.
    pub session_id: Option<Uuid>,
    /// When the token was made.
    #[serde(serialize_with = "instant")]
    pub issued_at: DateTime<Utc>,
    /// From this instant on the token is invalid.
    #[serde(serialize_with = "instant")]
    pub expires_at: DateTime<Utc>,
}

/// Writes an instant as chrono does, but faster: every validation has two of them.
fn instant<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = SystemTime::from(*instant);
    // humantime writes only years from 1970 to 9999.
    match (instant.timestamp(), instant.timestamp_subsec_nanos()) {
        (0..=LAST_SECOND, 0) => serializer.collect_str(&format_rfc3339_seconds(time)),
        (0..=LAST_SECOND, nanos) if nanos % 1_000_000 == 0 => {
            serializer.collect_str(&format_rfc3339_millis(time))
        }
        _ => instant.serialize(serializer),
    }
}

/// The body of `POST /auth/validate/batch`: 1 to [`MAX_BATCH`] tokens.
#[derive(Serialize)]
pub struct TokenBatch<'a> {
    /// The tokens, in the order of the entries of the answer.
    pub tokens: Vec<&'a str>,
}

/// The entry of a batch's answer for a token that is not live, or whose state is unknown. For a
/// live one it is a [`Validation`] with `"status": 200`.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedEntry<'a> {
    /// 401 or 503.
    pub status: u16,
    /// The code of the problem.
    pub code: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_chrono_writes_it() {
        for millis in [0, 999, 1_795_593_600_000, 1_795_593_600_123, LAST_SECOND * 1000 + 999] {
            check(DateTime::from_timestamp_millis(millis).unwrap());
        }
        for unusual in [
            DateTime::from_timestamp(1, 1).unwrap(),
            DateTime::from_timestamp(-1, 0).unwrap(),
            DateTime::from_timestamp(LAST_SECOND + 1, 0).unwrap(),
            DateTime::<Utc>::MAX_UTC,
        ] {
            check(unusual);
        }
    }

    #[track_caller]
    fn check(at: DateTime<Utc>) {
        let terms = TokenTerms { session_id: None, issued_at: at, expires_at: at };
        let spelled = serde_json::to_value(terms).unwrap();
        assert_eq!(spelled["issued_at"], serde_json::to_value(at).unwrap());
        assert_eq!(spelled["expires_at"], spelled["issued_at"]);
    }
}
