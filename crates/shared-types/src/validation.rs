//! Who somebody is, as the authority says it.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use humantime::{format_rfc3339_millis, format_rfc3339_seconds};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The end of the year 9999, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;

/// How many tokens one call may ask about at most.
pub const MAX_BATCH: usize = 64;

/// The answer of `POST /auth/validate` about a live token: whose it is, and what it is.
#[derive(Debug, Clone, Serialize)]
pub struct Validation<'a> {
    /// What is the same for every token of a user.
    #[serde(flatten)]
    pub identity: Identity<'a>,
    /// What is not.
    #[serde(flatten)]
    pub token: TokenTerms,
}

/// Whose a live token is.
#[derive(Debug, Clone, Serialize)]
pub struct Identity<'a> {
    /// Always true.
    pub success: bool,
    /// Always true: anything else is not a 200.
    pub authorized: bool,
    /// Whose session it is.
    pub username: &'a str,
    /// The user's id.
    pub user_id: Uuid,
    /// The user's roles, sorted.
    pub roles: &'a [String],
    /// What roles and grants permit, sorted.
    pub permissions: &'a [String],
}

/// What a live token stands for, and for how long.
#[derive(Debug, Clone, Serialize)]
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

/// As chrono spells it, but at once: two of these stand in every validation.
fn instant<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = SystemTime::from(*instant);
    // The other way of spelling knows the years with four digits after 1970 only.
    match (instant.timestamp(), instant.timestamp_subsec_nanos()) {
        (0..=LAST_SECOND, 0) => serializer.collect_str(&format_rfc3339_seconds(time)),
        (0..=LAST_SECOND, nanos) if nanos % 1_000_000 == 0 => {
            serializer.collect_str(&format_rfc3339_millis(time))
        }
        _ => instant.serialize(serializer),
    }
}

/// What `POST /auth/validate/batch` is asked: about 1 to [`MAX_BATCH`] tokens.
#[derive(Serialize)]
pub struct TokenBatch<'a> {
    /// In the order in which they will be answered.
    pub tokens: Vec<&'a str>,
}

/// The answer of a batch about a token that is not live, or of which that cannot be told. About a
/// live one it is a [`Validation`] with `"status": 200`.
#[derive(Debug, Serialize)]
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
    fn an_instant_is_spelled_as_chrono_spells_it() {
        for millis in [0, 999, 1_795_593_600_000, 1_795_593_600_123, LAST_SECOND * 1000 + 999] {
            check(DateTime::from_timestamp_millis(millis).unwrap());
        }
        for out_of_the_ordinary in [
            DateTime::from_timestamp(1, 1).unwrap(),
            DateTime::from_timestamp(-1, 0).unwrap(),
            DateTime::from_timestamp(LAST_SECOND + 1, 0).unwrap(),
            DateTime::<Utc>::MAX_UTC,
        ] {
            check(out_of_the_ordinary);
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
