//! Reads the authority's answers. A clear yes or no is passed on; anything else is unknown, which
//! never sends a user to the log-in.

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

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
        StatusCode::OK => believe(body, times),
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
    let batch: BatchAnswer<'_> =
        serde_json::from_slice(body).map_err(|_| UnknownCause::InvalidAnswer)?;
    if batch.answers.len() != tokens {
        return Err(UnknownCause::InvalidAnswer);
    }
    Ok(batch.answers.into_iter().map(|entry| entry_identification(entry.get(), times)).collect())
}

fn entry_identification(entry: &str, times: Times) -> Identification {
    let status = serde_json::from_str::<EntryStatus>(entry).ok();
    let status = status.and_then(|entry| StatusCode::from_u16(entry.status).ok());
    identification(status.ok_or(UnknownCause::InvalidAnswer)?, entry.as_bytes(), times)
}

fn believe(body: &[u8], times: Times) -> Identification {
    let vouching: ValidationAnswer<'_> =
        serde_json::from_slice(body).map_err(|_| UnknownCause::InvalidAnswer)?;
    if vouching.ended_meanwhile(times) {
        return Err(IdentifyError::Invalid);
    }
    let caller = vouching.into_caller().ok_or(UnknownCause::InvalidAnswer)?;
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
    username: String,
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
    /// Of any type: the answer counts without it.
    #[serde(borrow, default)]
    session_id: Option<&'a RawValue>,
}

impl ValidationAnswer<'_> {
    /// Whether the token expired while the answer was on its way.
    fn ended_meanwhile(&self, times: Times) -> bool {
        (times.asked..=times.now).contains(&self.expires_at)
    }

    /// `None` unless the answer says clearly that the token is live. A permission of an unknown form
    /// permits nothing.
    fn into_caller(self) -> Option<Caller> {
        let vouches = self.success && self.authorized;
        let is_named = !self.username.is_empty();
        let permissions = self.permissions.iter().filter_map(|text| text.parse().ok()).collect();
        (vouches && is_named).then_some(Caller {
            username: self.username,
            permissions,
            session_id: self.session_id.and_then(|id| serde_json::from_str(id.get()).ok()),
            expires_at: self.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::{Value, json};

    use super::*;

    const ADA: &str = r#"{"success":true,"authorized":true,"username":"ada","user_id":7,
        "permissions":["logs:read:shop/*","from:the/future"],"expires_at":"2030-01-01T00:00:00Z"}"#;

    /// A moment in 2027.
    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn at_noon() -> Times {
        Times { asked: noon(), now: noon() }
    }

    /// In a word.
    fn word(identification: &Identification) -> String {
        match identification {
            Ok(caller) => caller.username.clone(),
            Err(IdentifyError::Invalid) => "invalid".to_owned(),
            Err(IdentifyError::Forbidden) => "forbidden".to_owned(),
            Err(IdentifyError::Unknown(_)) => "unknown".to_owned(),
        }
    }

    fn ok(body: &str) -> String {
        word(&identification(StatusCode::OK, body.as_bytes(), at_noon()))
    }

    fn spoiled(field: &str, value: Value) -> Value {
        let mut answer: Value = serde_json::from_str(ADA).unwrap();
        answer[field] = value;
        answer
    }

    #[test]
    fn a_complete_active_answer_identifies_the_caller() {
        let caller = identification(StatusCode::OK, ADA.as_bytes(), at_noon()).unwrap();
        assert_eq!(caller.username, "ada");
        assert_eq!(caller.permissions, ["logs:read:shop/*".parse().unwrap()]);
        assert_eq!(caller.session_id, None);
    }

    #[test]
    fn the_session_is_known_only_if_it_is_named_as_one() {
        let id = "01a1fc79-d515-7505-bedb-7c22a2076c8b";
        for (value, expected) in [
            (json!(id), id.parse().ok()),
            (json!(null), None),
            (json!("s-1"), None),
            (json!(7), None),
        ] {
            let answer = spoiled("session_id", value).to_string();
            let caller = identification(StatusCode::OK, answer.as_bytes(), at_noon()).unwrap();
            assert_eq!(caller.session_id, expected);
        }
    }

    #[test]
    fn an_incomplete_answer_leaves_the_token_unknown() {
        for (field, value) in [
            ("authorized", json!(false)),
            ("success", json!(false)),
            ("success", json!("true")),
            ("username", json!("")),
            ("permissions", json!(null)),
            ("permissions", json!("*")),
            ("expires_at", json!(null)),
            ("expires_at", json!("2020-01-01T00:00:00Z")),
            ("padding", json!("x".repeat(MAX_ANSWER_BYTES))),
        ] {
            assert_eq!(ok(&spoiled(field, value).to_string()), "unknown", "{field}");
        }
        for body in ["", "{}", "[]", "null", &ADA[..40]] {
            assert_eq!(ok(body), "unknown", "{body}");
        }
    }

    #[test]
    fn an_answer_of_64_kib_counts_and_a_longer_one_does_not() {
        let padded = |length: usize| format!("{ADA}{}", " ".repeat(length - ADA.len()));
        assert_eq!(ok(&padded(65_536)), "ada");
        assert_eq!(ok(&padded(65_537)), "unknown");
        assert_eq!(MAX_BATCH_ANSWER_BYTES, 1_048_576);
    }

    #[test]
    fn a_401_is_passed_on_and_any_other_status_leaves_the_token_unknown() {
        for (status, expected) in [
            (401, "invalid"),
            (403, "forbidden"),
            (201, "unknown"),
            (404, "unknown"),
            (503, "unknown"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                word(&identification(status, ADA.as_bytes(), at_noon())),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn a_token_may_end_while_it_is_asked_about() {
        let second = TimeDelta::seconds(1);
        let answer = spoiled("expires_at", json!(noon())).to_string();
        let asked = |asked, now| {
            word(&identification(StatusCode::OK, answer.as_bytes(), Times { asked, now }))
        };
        assert_eq!(asked(noon() - second, noon()), "invalid");
        assert_eq!(asked(noon(), noon() + second), "invalid");
        assert_eq!(asked(noon() + second, noon() + second), "unknown", "it was over when asked");
        assert_eq!(asked(noon() - second, noon() - second), "ada", "it is not over");
    }

    #[test]
    fn a_wrong_clock_is_distinguished_from_an_invalid_answer() {
        let unknown = |answer: &Value| match identification(
            StatusCode::OK,
            answer.to_string().as_bytes(),
            at_noon(),
        ) {
            Err(IdentifyError::Unknown(cause)) => cause.to_string(),
            other => panic!("{other:?}"),
        };
        let expired = spoiled("expires_at", json!(noon() - TimeDelta::hours(1)));
        let told = "expired by our clock: it ends at 2027-01-15 07:00:00 UTC, and it is \
                    2027-01-15 08:00:00 UTC here";
        assert!(unknown(&expired).contains(told), "{}", unknown(&expired));
        let mut nobody = expired;
        nobody["username"] = json!("");
        assert!(unknown(&nobody).contains("is not valid"), "{}", unknown(&nobody));
    }

    fn batch(answers: &Value, tokens: usize) -> Option<Vec<String>> {
        let body = json!({ "answers": answers }).to_string();
        let identifications = identifications(body.as_bytes(), tokens, at_noon()).ok()?;
        Some(identifications.iter().map(word).collect())
    }

    #[test]
    fn every_entry_of_a_batch_is_judged_by_itself() {
        let good = spoiled("status", json!(200));
        let mut large = good.clone();
        large["padding"] = json!("x".repeat(MAX_ANSWER_BYTES));
        let answers = json!([
            good,
            {"status": 401, "code": "invalid_token"},
            {"status": 200},
            {"status": "200"},
            {"status": 503, "code": "store_unavailable"},
            {"status": 403, "code": "permission_denied"},
            serde_json::from_str::<Value>(ADA).unwrap(),
            {"status": 70000},
            null,
            large,
            good,
        ]);
        let expected = [
            "ada",
            "invalid",
            "unknown",
            "unknown",
            "unknown",
            "forbidden",
            "unknown",
            "unknown",
            "unknown",
            "unknown",
            "ada",
        ];
        assert_eq!(batch(&answers, expected.len()).unwrap(), expected);
    }

    #[test]
    fn a_batch_answer_of_the_wrong_length_is_refused() {
        let good = spoiled("status", json!(200));
        for answers in [json!([]), json!([good]), json!([good, good, good]), json!({}), json!(null)]
        {
            assert_eq!(batch(&answers, 2), None, "{answers}");
        }
        for body in ["", "[]", "{}", r#"{"answers":[1,2"#, r#"{"answers":[1,2],"answers":[1,2]}"#] {
            assert!(identifications(body.as_bytes(), 2, at_noon()).is_err(), "{body}");
        }
    }
}
