//! The operations listeners.

use reqwest::Method;

use crate::harness::{ADMIN, Ask, Pair, Service, WELL_FORMED_TOKEN, cri, plain_client};

const PATHS: [&str; 3] = ["/livez", "/readyz", "/metrics"];

pub(crate) async fn ops(service: &Service, path: &str) -> (u16, String) {
    let answer =
        plain_client().get(format!("http://{}{path}", service.ops())).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn probes_and_metrics_are_on_the_operations_listener_only() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    for path in PATHS {
        for service in [&pair.sso, &pair.gateway] {
            assert_eq!(ops(service, path).await.0, 200, "{path}");
        }
        admin.sso(Method::GET, path).ask().await.check_problem_is(404, "not_found");
        admin.gateway(Method::GET, path).ask().await.check_problem_is(404, "not_found");
    }
    for path in ["/pods", "/logs/web", "/auth/validate", "/auth/session"] {
        for service in [&pair.sso, &pair.gateway] {
            assert_eq!(ops(service, path).await.0, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn log_ins_are_counted_by_outcome() {
    let pair = Pair::start();
    pair.admin().await;
    for _ in 0..12 {
        pair.anonymous().log_in("nobody", "a password that is wrong").await;
    }
    let (_, metrics) = ops(&pair.sso, "/metrics").await;
    for line in [
        r#"logins_total{outcome="logged_in"} 1"#,
        r#"logins_total{outcome="invalid_credentials"} 10"#,
        r#"logins_total{outcome="throttled"} 2"#,
        "password_queue_wait_seconds_count 12",
        "password_queue_length 0",
        "audit_events_lost_total 0",
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn validations_sessions_the_store_and_the_sweeper_are_measured() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    assert_eq!(admin.validate().await.status, 200);
    admin.with_token(WELL_FORMED_TOKEN).validate().await;
    let (_, metrics) = ops(&pair.sso, "/metrics").await;
    for start in [
        r#"validations_total{outcome="valid"} 1"#,
        r#"validations_total{outcome="invalid"} 1"#,
        "sessions 1",
        "sessions_swept_total 0",
        "sessions_last_sweep_timestamp_seconds ",
        "store_commit_seconds_bucket{",
        "store_commit_jobs_bucket{",
        "store_commit_failures_total 0",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(start)), "{start}: {metrics}");
    }
}

#[tokio::test]
async fn metrics_count_and_name_no_pod_and_no_user() {
    let pair = Pair::start();
    pair.logs.write("visible-namespace", "visible-pod", cri(&["hello"]));
    let alice = pair.user("visible-user", &["logs:read:visible-namespace/*"]).await;
    for path in [
        "visible-namespace/visible-pod",
        "visible-pod?namespace=visible-namespace",
        "visible-namespace/visible-pod?container=visible-container",
        "visible-namespace/visible-missing",
        "visible-forbidden",
        "VISIBLE",
        "visible/visible/visible",
    ] {
        alice.logs(path).await;
    }
    alice.gateway(Method::GET, "/visible-path").ask().await;
    alice.sso(Method::GET, "/visible-path").ask().await;
    pair.anonymous().log_in("visible-stranger", "a password that is wrong").await;
    let (_, gateway) = ops(&pair.gateway, "/metrics").await;
    let (_, sso) = ops(&pair.sso, "/metrics").await;
    for metrics in [&gateway, &sso] {
        assert!(!metrics.to_lowercase().contains("visible"), "{metrics}");
        assert!(!metrics.contains(ADMIN.0) && !metrics.contains(alice.token()), "{metrics}");
        assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    }
    assert_eq!(requests(&gateway, "/logs/{namespace}/{pod}", 200), 1, "{gateway}");
    assert!(requests(&gateway, "none", 404) > 0, "{gateway}");
    assert_eq!(requests(&sso, "/auth/login", 401), 1, "{sso}");
}

/// The number of requests that all workers have answered with this status.
fn requests(metrics: &str, route: &str, status: u16) -> u64 {
    let labels = format!("http_requests_total{{route=\"{route}\",status=\"{status}\",worker=");
    let of_workers = metrics.lines().filter(|line| line.starts_with(&labels));
    of_workers.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn a_gateway_is_ready_without_its_authority() {
    let mut pair = Pair::start();
    pair.sso.kill();
    assert_eq!(ops(&pair.gateway, "/readyz").await.0, 200);
    assert_eq!(ops(&pair.gateway, "/livez").await.0, 200);
}
