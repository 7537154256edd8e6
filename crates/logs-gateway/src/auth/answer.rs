//! What to believe of the authority's answers. What it says plainly is passed on; anything else
//! means that it cannot be told, which is never a reason to send somebody to the log-in.

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Caller,
    refusal::{Refusal, Unknown, Verdict},
};

/// The largest answer about one token that counts, in bytes.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The largest answer about a batch that is read, in bytes: what 64 users with 200 permissions
/// each would take. If it is larger, each token is asked about by itself.
pub(super) const MAX_BATCH_ANSWER_BYTES: usize = 1024 * 1024;

/// When an answer was asked for and when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) asked: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

/// What an answer says of the one token that was asked about.
pub(super) fn verdict(status: StatusCode, body: &[u8], times: Times) -> Verdict {
    match status {
        _ if body.len() > MAX_ANSWER_BYTES => Err(Unknown::TooLarge.into()),
        StatusCode::OK => believe(body, times),
        StatusCode::UNAUTHORIZED => Err(Refusal::Invalid),
        StatusCode::FORBIDDEN => Err(Refusal::Forbidden),
        status => Err(Unknown::Status(status).into()),
    }
}

/// What the 200 about a batch says of each of the tokens, in their order. Each entry is judged as
/// if it were an answer of its own, so none spoils another.
///
/// # Errors
/// When it cannot be told which entry is about which token.
pub(super) fn verdicts(body: &[u8], tokens: usize, times: Times) -> Result<Vec<Verdict>, Unknown> {
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(|_| Unknown::Nonsense)?;
    if batch.answers.len() != tokens {
        return Err(Unknown::Nonsense);
    }
    Ok(batch.answers.into_iter().map(|entry| entry_verdict(entry.get(), times)).collect())
}

fn entry_verdict(entry: &str, times: Times) -> Verdict {
    let status = serde_json::from_str::<Entry>(entry).ok();
    let status = status.and_then(|entry| StatusCode::from_u16(entry.status).ok());
    verdict(status.ok_or(Unknown::Nonsense)?, entry.as_bytes(), times)
}

fn believe(body: &[u8], times: Times) -> Verdict {
    let vouching: Vouching<'_> = serde_json::from_slice(body).map_err(|_| Unknown::Nonsense)?;
    if vouching.ended_meanwhile(times) {
        return Err(Refusal::Invalid);
    }
    let caller = vouching.into_caller().ok_or(Unknown::Nonsense)?;
    if caller.expires_at <= times.now {
        let expires_at = caller.expires_at;
        return Err(Unknown::ExpiredByOurClock { expires_at, now: times.now }.into());
    }
    Ok(caller)
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    answers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    status: u16,
}

/// What the gateway needs of the authority's 200; other fields are not looked at.
#[derive(Deserialize)]
struct Vouching<'a> {
    success: bool,
    authorized: bool,
    username: String,
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
    /// Of any type: the answer counts without it.
    #[serde(borrow, default)]
    session_id: Option<&'a RawValue>,
}

impl Vouching<'_> {
    /// Whether the token's end came while the answer was on its way.
    fn ended_meanwhile(&self, times: Times) -> bool {
        (times.asked..=times.now).contains(&self.expires_at)
    }

    /// `None` unless it says plainly that the token is good. A permission of a form unknown here
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
    fn word(verdict: &Verdict) -> String {
        match verdict {
            Ok(caller) => caller.username.clone(),
            Err(Refusal::Invalid) => "invalid".to_owned(),
            Err(Refusal::Forbidden) => "forbidden".to_owned(),
            Err(Refusal::Unknown(_)) => "unknown".to_owned(),
        }
    }

    fn ok(body: &str) -> String {
        word(&verdict(StatusCode::OK, body.as_bytes(), at_noon()))
    }

    fn spoiled(field: &str, value: Value) -> Value {
        let mut answer: Value = serde_json::from_str(ADA).unwrap();
        answer[field] = value;
        answer
    }

    #[test]
    fn a_plain_yes_makes_a_caller() {
        let caller = verdict(StatusCode::OK, ADA.as_bytes(), at_noon()).unwrap();
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
            let caller = verdict(StatusCode::OK, answer.as_bytes(), at_noon()).unwrap();
            assert_eq!(caller.session_id, expected);
        }
    }

    #[test]
    fn anything_less_is_no_answer() {
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
    fn a_no_is_passed_on_and_any_other_status_tells_nothing() {
        for (status, expected) in [
            (401, "invalid"),
            (403, "forbidden"),
            (201, "unknown"),
            (404, "unknown"),
            (503, "unknown"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(word(&verdict(status, ADA.as_bytes(), at_noon())), expected, "{status}");
        }
    }

    #[test]
    fn a_token_may_end_while_it_is_asked_about() {
        let second = TimeDelta::seconds(1);
        let answer = spoiled("expires_at", json!(noon())).to_string();
        let asked =
            |asked, now| word(&verdict(StatusCode::OK, answer.as_bytes(), Times { asked, now }));
        assert_eq!(asked(noon() - second, noon()), "invalid");
        assert_eq!(asked(noon(), noon() + second), "invalid");
        assert_eq!(asked(noon() + second, noon() + second), "unknown", "it was over when asked");
        assert_eq!(asked(noon() - second, noon() - second), "ada", "it is not over");
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_from_an_answer_that_makes_no_sense() {
        let unknown = |answer: &Value| match verdict(
            StatusCode::OK,
            answer.to_string().as_bytes(),
            at_noon(),
        ) {
            Err(Refusal::Unknown(cause)) => cause.to_string(),
            other => panic!("{other:?}"),
        };
        let expired = spoiled("expires_at", json!(noon() - TimeDelta::hours(1)));
        let told = "expired by our clock: it ends at 2027-01-15 07:00:00 UTC, and it is \
                    2027-01-15 08:00:00 UTC here";
        assert!(unknown(&expired).contains(told), "{}", unknown(&expired));
        let mut nobody = expired;
        nobody["username"] = json!("");
        assert!(unknown(&nobody).contains("makes no sense"), "{}", unknown(&nobody));
    }

    fn batch(answers: &Value, tokens: usize) -> Option<Vec<String>> {
        let body = json!({ "answers": answers }).to_string();
        let verdicts = verdicts(body.as_bytes(), tokens, at_noon()).ok()?;
        Some(verdicts.iter().map(word).collect())
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
    fn a_batch_of_another_length_says_nothing_about_anyone() {
        let good = spoiled("status", json!(200));
        for answers in [json!([]), json!([good]), json!([good, good, good]), json!({}), json!(null)]
        {
            assert_eq!(batch(&answers, 2), None, "{answers}");
        }
        for body in ["", "[]", "{}", r#"{"answers":[1,2"#, r#"{"answers":[1,2],"answers":[1,2]}"#] {
            assert!(verdicts(body.as_bytes(), 2, at_noon()).is_err(), "{body}");
        }
    }
}
