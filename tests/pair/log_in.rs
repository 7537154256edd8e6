//! Log-ins that succeed or fail.

use crate::harness::{ADMIN, Pair, run_sso};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let pair = Pair::start();
    let anonymous = pair.anonymous();
    let wrong = anonymous.log_in(ADMIN.0, "not the password of root").await;
    wrong.check_problem_is(401, "invalid_credentials");
    let unknown = anonymous.log_in("nobody", "not the password of root").await;
    assert_eq!(wrong.likeness(ADMIN.0), unknown.likeness("nobody"));
    let by_form = anonymous.log_in_by_form("nobody", "not the password of root").await;
    assert_eq!(wrong.likeness(ADMIN.0), by_form.likeness("nobody"));
    let no_name = anonymous.log_in("no name at all!", "not the password of root").await;
    assert_eq!(wrong.likeness(ADMIN.0), no_name.likeness("no name at all!"));
}

#[tokio::test]
async fn a_user_created_while_the_service_runs_may_log_in_at_once() {
    let pair = Pair::start();
    let password = "the password of alice";
    pair.anonymous().log_in("alice", password).await.check_problem_is(401, "invalid_credentials");
    pair.create_user("alice", password, &["logs:read:shop/*"]);
    let answer = pair.anonymous().log_in("Alice", password).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["username"], "alice");
    assert_eq!(answer.json()["permissions"], serde_json::json!(["logs:read:shop/*"]));

    let listed =
        run_sso(&["admin", "user", "list"], &[("SSO_DATABASE_URL", &pair.database_url())], "");
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.stdout.contains("alice") && listed.stdout.contains(ADMIN.0), "{listed:?}");
}

#[tokio::test]
async fn a_duplicate_or_invalid_user_is_not_created() {
    let pair = Pair::start();
    let database = pair.database_url();
    let create = |name: &str, extra: &[&str], password: &str| {
        let mut arguments = vec!["admin", "user", "create", name, "--password-file", "-"];
        arguments.extend(extra);
        run_sso(&arguments, &[("SSO_DATABASE_URL", &database)], password)
    };
    let good = "the password of somebody";
    for (name, extra, password) in [
        (ADMIN.0, &[][..], good),
        ("no name", &[], good),
        ("alice", &["--permission", "Logs"][..], good),
        ("alice", &["--role", "no-such-role"], good),
        ("alice", &[], "too short"),
    ] {
        let ended = create(name, extra, password);
        assert_ne!(ended.code, 0, "{name} {extra:?}");
        assert!(!ended.stderr.is_empty() && !ended.stderr.contains(password), "{ended:?}");
    }
    pair.anonymous().log_in("alice", good).await.check_problem_is(401, "invalid_credentials");
}

#[tokio::test]
async fn every_log_in_is_a_session_of_its_own() {
    let pair = Pair::start();
    let (one, other) = (pair.admin().await, pair.admin().await);
    assert_ne!(one.token(), other.token());
    one.log_out().await;
    one.validate().await.check_problem_is(401, "invalid_token");
    assert_eq!(other.validate().await.status, 200);
}
