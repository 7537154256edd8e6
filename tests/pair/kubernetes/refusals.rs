//! Failures as `Status` objects, compared with the answers of a real API server.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use reqwest::Method;
use tokio::time::timeout;

use super::client::{Answer, NS, get, start};
use crate::harness::{ActiveAnswer, FakeAuthority, Reply, Setup, WELL_FORMED_TOKEN, cri};

#[tokio::test]
async fn refusals_that_were_not_recorded_use_the_same_words() {
    let (_pair, alice) = start().await;
    let bad = |message: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{message}","reason":"BadRequest","code":400}}"#
        )
    };
    for (log, message) in [
        ("web/log?container=NO_NAME", "container NO_NAME is not valid for pod web"),
        (
            "web/log?previous=true&container=app",
            r#"previous terminated container \"app\" in pod \"web\" not found"#,
        ),
        (
            "multi/log",
            "a container name must be specified for pod multi, choose one of: [app sidecar]",
        ),
        (
            "waiting/log?container=app",
            r#"container \"app\" in pod \"waiting\" is waiting to start: ContainerCreating"#,
        ),
        ("web/log?sinceTime=yesterday", r#"parsing time \"yesterday\": must be RFC 3339"#),
        (
            "web/log?sinceTime=2026-11-01T12:01:37+02:00",
            r#"parsing time \"2026-11-01T12:01:37 02:00\": must be RFC 3339"#,
        ),
        ("?limit=1&continue=abc", "invalid continue token: continue key is not valid"),
    ] {
        let path = format!("{NS}/team-a/pods/{log}").replace("/?", "?");
        get(&alice, &path).await.check_failure(400, &bad(message));
    }
    get(&alice, &format!("{NS}/team-a/pods/web/log?stream=x")).await.check_failure(
        422,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"PodLogOptions \"web\" is invalid: stream: Unsupported value: \"x\": supported values: \"All\", \"Stderr\", \"Stdout\"","reason":"Invalid","details":{"name":"web","kind":"PodLogOptions","causes":[{"reason":"FieldValueNotSupported","message":"Unsupported value: \"x\": supported values: \"All\", \"Stderr\", \"Stdout\"","field":"stream"}]},"code":422}"#,
    );
}

#[tokio::test]
async fn a_missing_pod_is_404_and_a_forbidden_one_403() {
    let (pair, alice) = start().await;
    let missing = |name: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"pods \"{name}\" not found","reason":"NotFound","details":{{"name":"{name}","kind":"pods"}},"code":404}}"#
        )
    };
    let denied = |name: &str, resource: &str, namespace: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"pods \"{name}\" is forbidden: User \"alice\" cannot get resource \"{resource}\" in API group \"\" in the namespace \"{namespace}\"","reason":"Forbidden","details":{{"name":"{name}","kind":"pods"}},"code":403}}"#
        )
    };
    for name in ["nope", "UPPER_case"] {
        let log = get(&alice, &format!("{NS}/team-a/pods/{name}/log")).await;
        log.check_failure(404, &missing(name));
        get(&alice, &format!("{NS}/team-a/pods/{name}")).await.check_failure(404, &missing(name));
    }
    // Whether or not the pod exists.
    for name in ["secret", "nope"] {
        let path = format!("{NS}/team-b/pods/{name}");
        get(&alice, &format!("{path}/log"))
            .await
            .check_failure(403, &denied(name, "pods/log", "team-b"));
        get(&alice, &path).await.check_failure(403, &denied(name, "pods", "team-b"));
    }
    get(&alice, &format!("{NS}/team-b/pods")).await.check_failure(
        403,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" in the namespace \"team-b\"","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#,
    );
    let nobody = pair.user("nobody", &[]).await;
    get(&nobody, "/api/v1/pods").await.check_failure(
        403,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#,
    );
    const NO_PATH: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#;
    for path in
        ["/api/v1/pods/web/log", "/api/v1/namespaces/team-a/things", "/apis/nope/v1", "/api/v2"]
    {
        get(&alice, path).await.check_failure(404, NO_PATH);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for path in ["/web/log", "/web", ""] {
            let path = format!("{NS}/team-a/pods{path}");
            let answer = Answer::to(alice.gateway(method.clone(), &path)).await;
            answer.check_failure(405, r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server does not allow this method on the requested resource","reason":"MethodNotAllowed","details":{},"code":405}"#);
            assert_eq!(answer.response["allow"], "GET");
        }
    }
    assert_eq!(
        Answer::to(alice.gateway(Method::HEAD, &format!("{NS}/team-a/pods/web/log"))).await.status,
        405
    );
}

#[tokio::test]
async fn a_credential_is_valid_invalid_or_unknown() {
    const UNAUTHORIZED: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    let (mut pair, alice) = start().await;
    for path in ["/api", "/apis", "/api/v1", "/api/v1/pods", "/api/nope"] {
        get(&pair.anonymous(), path).await.check_failure(401, UNAUTHORIZED);
    }
    assert_eq!(get(&pair.anonymous(), "/version").await.status, 200);
    let nobody = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    get(&nobody, "/api").await.check_failure(401, UNAUTHORIZED);
    for header in ["Bearer ", "Basic YTpi", "Bearer a b", "Bearer not-a-token"] {
        let request = pair.anonymous().gateway(Method::GET, "/api").header("authorization", header);
        Answer::to(request).await.check_failure(401, UNAUTHORIZED);
    }
    let twice = alice.gateway(Method::GET, "/api").header("authorization", "Bearer x");
    Answer::to(twice).await.check_failure(401, UNAUTHORIZED);
    let cookie = format!("session_id={}", alice.token());
    let cookie = pair.anonymous().gateway(Method::GET, "/api").header("cookie", cookie);
    Answer::to(cookie).await.check_failure(401, UNAUTHORIZED);
    pair.sso.kill();
    let unknown = get(&alice, "/api/v1/pods").await;
    assert_eq!((unknown.status, &unknown.response["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(unknown.json()["reason"], "ServiceUnavailable");
}

#[tokio::test]
async fn an_authority_that_hangs_is_503_in_time() {
    let authority = FakeAuthority::start(Reply::Nothing).await;
    let setup = Setup::new().gateway("GATEWAY_SSO_TIMEOUT", "200ms");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let answer = timeout(Duration::from_secs(5), get(&caller, "/api")).await.unwrap();
    assert_eq!(answer.status, 503);
    authority.answer(ActiveAnswer::of("logs:read").reply());
    assert_eq!(get(&caller, "/api").await.status, 200);
}

#[tokio::test]
async fn the_cause_of_a_failure_is_only_in_the_log_under_the_request_id() {
    let mut pair = Setup::new().gateway_obeys_file_modes().start();
    let admin = pair.admin().await;
    pair.logs.write("team-a", "web", cri(&["one"]));
    let log = pair.logs.pod("team-a", "web").path().join("app/0.log");
    fs::set_permissions(log, Permissions::from_mode(0o000)).unwrap();
    let answer = get(&admin, &format!("{NS}/team-a/pods/web/log")).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let cause = "Permission denied";
    assert!(!answer.body.contains(cause), "{answer:?}");
    let id = answer.response["x-request-id"].to_str().unwrap();
    let log = pair.gateway.stop_and_read_log();
    let told: Vec<_> = log.lines().filter(|line| line.contains(cause)).collect();
    assert!(!told.is_empty() && told.iter().all(|line| line.contains(id)), "{told:?}");
}
