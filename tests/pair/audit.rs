//! The audit log.

mod reading;
mod scene;
mod writing;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::harness::{ADMIN, Pair, Setup, patience, scratch, until};

const WRONG: &str = "a password that is wrong";

/// The events in the file, a JSON object a line.
fn events(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    // The last line may be incomplete.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn until_told(file: &Path, event: &str) -> Value {
    until(event, patience(), async || events(file).into_iter().find(|line| line["audit"] == event))
        .await
}

#[tokio::test]
async fn security_events_are_lines_of_a_private_file_that_may_be_rotated() {
    let directory = scratch();
    let [file, rotated] = ["audit", "audit.1"].map(|name| directory.path().join(name));
    let mut pair = Setup::new().sso("SSO_AUDIT_FILE", file.to_str().unwrap()).start();
    let admin = pair.admin().await;
    let log_in = until_told(&file, "login_ok").await;
    assert_eq!((&log_in["username"], &log_in["ip"]), (&ADMIN.0.into(), &"127.0.0.1".into()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    fs::rename(&file, &rotated).unwrap();
    let wrong = pair.anonymous().log_in(ADMIN.0, WRONG).await;
    let failed = until_told(&file, "login_failed").await;
    assert_eq!(failed["request_id"], wrong.request_id());
    assert_eq!(failed["reason"], "wrong_password");

    admin.log_out().await;
    pair.sso.stop();
    assert_eq!(events(&file).last().unwrap()["audit"], "logout");
    assert_eq!(events(&rotated).len(), 1);
    for file in [&file, &rotated] {
        let text = fs::read_to_string(file).unwrap();
        assert!(![ADMIN.1, WRONG, admin.token()].iter().any(|secret| text.contains(secret)));
    }
}

#[tokio::test]
async fn without_a_file_they_are_recognised_on_standard_error() {
    let mut pair = Pair::start();
    pair.admin().await;
    for name in ["nobody\n{\"audit\":\"login_ok\"}", "x\u{2028}\u{0}\u{1b}[2J", WRONG] {
        pair.anonymous().log_in(name, WRONG).await;
    }
    let log = pair.sso.stop_and_read_log();
    let lines = log.lines().filter(|line| line.starts_with("{\"audit\":"));
    let events: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = events.iter().map(|event| event["audit"].as_str().unwrap()).collect();
    // The second and third failure are one line, with their number.
    assert_eq!(told, ["login_ok", "login_failed", "login_failed"], "{log}");
    assert_eq!(events[2]["count"], 2);
    assert!(events[1..].iter().all(|event| event["reason"] == "unknown_user"), "{events:?}");
}
