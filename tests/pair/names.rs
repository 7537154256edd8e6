//! Names that try to reach files other than a pod's log.

use std::fs;

use crate::harness::{Answer, Caller, Pair, RawRequest, cri};

const SECRET: &str = "an unreadable secret";

/// A pair with a file beside the log directory, and one in it that belongs to no pod.
struct Target {
    pair: Pair,
    admin: Caller,
}

impl Target {
    async fn new() -> Self {
        let pair = Pair::start();
        pair.logs.write("default", "web", cri(&["hello"]));
        let secret = cri(&[SECRET]);
        fs::write(pair.beside_logs("0.log"), &secret).unwrap();
        fs::write(pair.logs.path().join("0.log"), &secret).unwrap();
        fs::create_dir_all(pair.beside_logs("default_secret_uid/app")).unwrap();
        fs::write(pair.beside_logs("default_secret_uid/app/0.log"), &secret).unwrap();
        let admin = pair.admin().await;
        Self { pair, admin }
    }

    async fn get(&self, target: &str) -> Answer {
        let request = RawRequest::new("GET", target).bearer(self.admin.token());
        request.send(self.pair.gateway.listening()).await
    }

    async fn check_refused(&self, target: &str) {
        let answer = self.get(target).await;
        assert!(matches!(answer.status, 400 | 404), "{target}: {answer:?}");
        self.check_keeps_secret(&answer, target);
    }

    fn check_keeps_secret(&self, answer: &Answer, target: &str) {
        let body = String::from_utf8_lossy(&answer.body);
        let directory = self.pair.beside_logs("");
        assert!(!body.contains(SECRET) && !body.contains("root:"), "{target}: {body}");
        assert!(!body.contains(&*directory.to_string_lossy()), "{target}: {body}");
    }
}

/// Malformed names, percent-encoded as required.
const TRICKS: [&str; 34] = [
    "..",
    ".",
    "%2e%2e",
    "%2E%2e",
    "%252e%252e",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fdefault_web_5f0c",
    "%2fetc%2fpasswd",
    "..%5c..%5cetc",
    "web%2f",
    "web%2f..%2fweb",
    "web%2fapp",
    "web%00",
    "%00",
    "web%00.log",
    "web%0a",
    "web%0d%0aX-Injected:%201",
    "WEB",
    "Web",
    "we_b",
    "web_5f0c2d1e",
    "-web",
    "web-",
    "web..app",
    ".web",
    "web.",
    "w%C3%A9b",
    "%EF%BC%8E%EF%BC%8E",
    "%E2%80%A4%E2%80%A4%E2%88%95",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "web%20",
    "~root",
    "$(id)",
];

#[tokio::test]
async fn path_traversal_in_a_path_finds_nothing() {
    let target = Target::new().await;
    for trick in TRICKS {
        target.check_refused(&format!("/logs/{trick}")).await;
        target.check_refused(&format!("/logs/default/{trick}")).await;
        target.check_refused(&format!("/logs/{trick}/web")).await;
    }
}

#[tokio::test]
async fn path_traversal_in_a_parameter_finds_nothing() {
    let target = Target::new().await;
    for trick in TRICKS {
        target.check_refused(&format!("/logs/web?namespace={trick}")).await;
        target.check_refused(&format!("/logs/web?container={trick}")).await;
        if trick != "WEB" && trick != "Web" && trick != "-web" && trick != "web-" {
            target.check_refused(&format!("/logs/web?uid={trick}")).await;
        }
    }
    for uid in ["WEB", "web-", "-"] {
        let answer = target.get(&format!("/logs/web?uid={uid}")).await;
        answer.check_problem_is(404, "pod_not_found");
    }
}

#[tokio::test]
async fn a_path_with_dot_segments_is_not_found() {
    let target = Target::new().await;
    for path in [
        "/logs/../../../../etc/passwd",
        "/logs/default/../web",
        "/logs/default/web/../../../0.log",
        "/logs/./web",
        "/logs//web",
        "//logs/web",
        "/logs/web/",
        "/logs/web/app/0.log",
        "/logs/default/web/app",
        "/LOGS/web",
        "/../0.log",
        "/0.log",
        "/%2e%2e/0.log",
        "/logs/",
    ] {
        target.check_refused(path).await;
    }
}

#[tokio::test]
async fn an_overlong_name_is_refused_and_the_longest_one_is_not() {
    let target = Target::new().await;
    let (pod, namespace) = ("p".repeat(253), "n".repeat(63));
    let longest = target.get(&format!("/logs/{namespace}/{pod}?container={namespace}")).await;
    longest.check_problem_is(404, "pod_not_found");
    for path in [
        format!("/logs/{pod}p"),
        format!("/logs/{namespace}n/web"),
        format!("/logs/web?namespace={namespace}n"),
        format!("/logs/web?container={namespace}n"),
        format!("/logs/web?uid={}", "u".repeat(129)),
        format!("/logs/{}", "p".repeat(20_000)),
        format!("/logs/{}", "../".repeat(5_000)),
    ] {
        target.check_refused(&path).await;
    }
}

#[tokio::test]
async fn an_entry_that_is_not_a_pod_is_neither_listed_nor_read() {
    let target = Target::new().await;
    let logs = target.pair.logs.path();
    for name in
        ["lost+found", "default", "default_web", "default_a_b_c", "Default_web_1", "default_we b_1"]
    {
        fs::create_dir_all(logs.join(name).join("app")).unwrap();
        fs::write(logs.join(name).join("app/0.log"), cri(&[SECRET])).unwrap();
    }
    assert_eq!(target.admin.pod_names().await, ["default/web"]);
    assert_eq!(target.get("/logs/web").await.log(), "hello\n");
}
