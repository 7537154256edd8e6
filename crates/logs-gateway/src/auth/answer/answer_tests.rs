//! Answers of the authority, clear and unclear ones.

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
        Ok(caller) => caller.username.to_string(),
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
    assert_eq!(&*caller.username, "ada");
    assert_eq!(*caller.permissions, ["logs:read:shop/*".parse().unwrap()]);
    assert_eq!(caller.session_id, None);
}

#[test]
fn the_session_and_the_user_are_known_only_if_they_are_named_as_such() {
    let id = "01a1fc79-d515-7505-bedb-7c22a2076c8b";
    for (value, expected) in
        [(json!(id), id.parse().ok()), (json!(null), None), (json!("s-1"), None), (json!(7), None)]
    {
        for (field, found) in [
            ("session_id", (|caller| caller.session_id) as fn(&Caller) -> Option<Uuid>),
            ("user_id", |caller| caller.user_id),
        ] {
            let answer = spoiled(field, value.clone()).to_string();
            let caller = identification(StatusCode::OK, answer.as_bytes(), at_noon()).unwrap();
            assert_eq!(found(&caller), expected, "{field}");
        }
    }
}

#[test]
fn roles_are_known_only_if_they_are_named_as_such() {
    for (value, expected) in [
        (json!(["reader", "ops"]), &["reader", "ops"][..]),
        (json!([]), &[]),
        (json!(null), &[]),
        (json!("reader"), &[]),
        (json!(["reader", 7]), &[]),
    ] {
        let answer = spoiled("roles", value.clone()).to_string();
        let caller = identification(StatusCode::OK, answer.as_bytes(), at_noon()).unwrap();
        assert_eq!(*caller.roles, *expected, "{value}");
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
    let list = r#"[true, true, "ada", ["*"], "2030-01-01T00:00:00Z", null]"#;
    for body in ["", "{}", "[]", list, "null", &ADA[..40]] {
        assert_eq!(ok(body), "unknown", "{body}");
    }
}

#[test]
fn an_answer_of_64_kib_counts_and_a_longer_one_does_not() {
    let padded = |length: usize| format!("{ADA}{}", " ".repeat(length - ADA.len()));
    assert_eq!(ok(&padded(65_536)), "ada");
    assert_eq!(ok(&padded(65_537)), "unknown");
    assert_eq!((MAX_ANSWER_BYTES, MAX_BATCH_ANSWER_BYTES), (65_536, 1_048_576));
}

#[test]
fn a_401_is_passed_on_and_any_other_status_leaves_the_token_unknown() {
    for (status, expected) in
        [(401, "invalid"), (403, "forbidden"), (201, "unknown"), (404, "unknown"), (503, "unknown")]
    {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(word(&identification(status, ADA.as_bytes(), at_noon())), expected, "{status}");
    }
}

#[test]
fn a_token_may_end_while_it_is_asked_about() {
    let second = TimeDelta::seconds(1);
    let answer = spoiled("expires_at", json!(noon())).to_string();
    let asked =
        |asked, now| word(&identification(StatusCode::OK, answer.as_bytes(), Times { asked, now }));
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
    for answers in [json!([]), json!([good]), json!([good, good, good]), json!({}), json!(null)] {
        assert_eq!(batch(&answers, 2), None, "{answers}");
    }
    for body in ["", "[]", "{}", r#"{"answers":[1,2"#, r#"{"answers":[1,2],"answers":[1,2]}"#] {
        assert!(identifications(body.as_bytes(), 2, at_noon()).is_err(), "{body}");
    }
}
