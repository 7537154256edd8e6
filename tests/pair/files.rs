//! The contents of log files, and their discovery.

mod compressed;

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    sync::mpsc::{self, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use reqwest::Method;

use crate::harness::{Answer, Ask, Caller, Pair, Setup, cri, cri_at};

const SECRET: &str = "an unreadable secret";

/// Checks that an unreadable log is reported at once, and that the gateway keeps serving.
async fn check_unreadable(admin: &Caller, pod: &str) {
    let asked = Instant::now();
    for answer in [admin.logs(pod).await, admin.text(&format!("{pod}?tail=1")).await] {
        answer.check_problem_is(500, "log_unreadable");
        check_tells_nothing(&answer);
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "{pod}: {:?}", asked.elapsed());
    let head = admin.gateway(Method::HEAD, &format!("/logs/{pod}")).ask().await;
    assert_eq!(head.status, 500);
    assert_eq!(admin.logs("healthy").await.log(), "hello\n");
    assert_eq!(admin.pods().await.status, 200);
}

fn check_tells_nothing(answer: &Answer) {
    let body = String::from_utf8_lossy(&answer.body);
    for word in [SECRET, "denied", "No such file", "os error", ".log"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

fn pair() -> Pair {
    with_healthy(Pair::start())
}

fn with_healthy(pair: Pair) -> Pair {
    pair.logs.write("default", "healthy", cri(&["hello"]));
    pair
}

#[tokio::test]
async fn an_unreadable_log_is_reported_as_such() {
    let pair = with_healthy(Setup::new().gateway_obeys_file_modes().start());
    let locked_file = pair.logs.pod("default", "file").container("app");
    locked_file.write("0.log", cri(&[SECRET]));
    let locked_container = pair.logs.pod("default", "container").container("app");
    locked_container.write("0.log", cri(&[SECRET]));
    for path in [locked_file.path().join("0.log"), locked_container.path().to_owned()] {
        fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
    }
    let admin = pair.admin().await;
    check_unreadable(&admin, "file").await;
    check_unreadable(&admin, "container").await;
    // So that a user other than root can remove the directory.
    fs::set_permissions(locked_container.path(), Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn a_pod_without_logs_is_404() {
    let pair = pair();
    pair.logs.pod("default", "bare");
    pair.logs.pod("default", "idle").container("app");
    let other = pair.logs.pod("default", "other").container("app");
    other.write("readme.txt", "hi").write("0.log.20261101-100000.tmp", "hi").write("x.log", "hi");
    let admin = pair.admin().await;
    for pod in ["bare", "idle", "other"] {
        admin.logs(pod).await.check_problem_is(404, "log_not_found");
    }
    admin.logs("missing").await.check_problem_is(404, "pod_not_found");
    assert_eq!(admin.pod_names().await.len(), 4);
}

#[tokio::test]
async fn a_removed_pod_is_gone_at_once() {
    let pair = pair();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.status, 200);
    fs::remove_dir_all(pair.logs.pod("default", "web").path()).unwrap();
    admin.logs("web").await.check_problem_is(404, "pod_not_found");
    assert_eq!(admin.pod_names().await, ["default/healthy"]);
}

#[tokio::test]
async fn pods_may_appear_and_disappear_during_a_list() {
    let pair = pair();
    let admin = pair.admin().await;
    let logs = pair.logs.path().to_owned();
    let (stop, stopped) = mpsc::channel::<()>();
    let churn = thread::spawn(move || {
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            let pod = logs.join("default_churn_1");
            fs::create_dir_all(pod.join("app")).unwrap();
            fs::write(pod.join("app/0.log"), cri(&["hello"])).unwrap();
            fs::remove_dir_all(pod).unwrap();
        }
    });
    for _ in 0..100 {
        assert!(admin.pod_names().await.contains(&"default/healthy".to_owned()));
        let answer = admin.logs("churn").await;
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
    }
    drop(stop);
    churn.join().unwrap();
}

#[tokio::test]
async fn random_bytes_do_not_fail_a_reading() {
    let pair = pair();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |length: usize| -> Vec<u8> {
        let byte = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..length).map(byte).collect()
    };
    let admin = pair.admin().await;
    for length in [1, 100, 70_000, 3_000_000] {
        let mut bytes = random(length);
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(cri(&["a line after all"]).as_bytes());
        pair.logs.write("default", "noise", bytes);
        for query in ["", "?tail=5", "?since=1h", "?limitLines=3", "?timestamps=true&stream=Stderr"]
        {
            let pod = format!("noise{query}");
            // Reads as JSON and, without a filter, as far as the first valid line.
            let (log, text) = (admin.logs(&pod).await.log(), admin.text(&pod).await);
            assert_eq!(text.status, 200, "{query}");
            if matches!(query, "" | "?tail=5" | "?limitLines=3") {
                assert!(log.ends_with("a line after all\n"), "{length} {query}: {log:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_unfinished_line_is_served() {
    let pair = pair();
    let whole = cri(&["whole"]);
    let admin = pair.admin().await;
    for (tail, expected) in [
        (cri_at(1, "stdout", "half").trim_end(), "whole\nhalf"),
        ("2026-11-01T10:00:01Z stdout F ", "whole\n"),
        ("2026-11-01T10:00:01Z stdout F", "whole\n"),
        ("2026-11-01T10:00:01Z std", "whole\n"),
        ("2026-11-01T10:0", "whole\n"),
        ("2", "whole\n"),
        ("{\"log\":\"hal", "whole\n"),
    ] {
        pair.logs.write("default", "web", format!("{whole}{tail}"));
        assert_eq!(admin.text("web").await.text(), expected, "{tail:?}");
        assert_eq!(admin.logs("web").await.log(), expected, "{tail:?}");
    }
}

#[tokio::test]
async fn an_empty_log_is_an_empty_answer() {
    let pair = pair();
    pair.logs.write("default", "web", "");
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.log(), "");
    assert_eq!(admin.text("web?tail=5").await.text(), "");
}

#[tokio::test]
async fn invalid_utf_8_is_kept_in_text_and_replaced_in_json() {
    let pair = pair();
    let mut content = b"2026-11-01T10:00:00Z stdout F a\0b\x01\x7f\n".to_vec();
    content.extend_from_slice(b"2026-11-01T10:00:01Z stdout F \xff\xfe \xc3\xa4 \xc3\n");
    pair.logs.write("default", "web", content);
    let admin = pair.admin().await;
    let text = admin.text("web").await;
    assert_eq!(text.body, b"a\0b\x01\x7f\n\xff\xfe \xc3\xa4 \xc3\n");
    let log = admin.logs("web").await.log();
    assert_eq!(log, "a\0b\u{1}\u{7f}\n\u{fffd}\u{fffd} ä \u{fffd}\n");
}

#[tokio::test]
async fn a_line_in_pieces_is_joined() {
    let pair = pair();
    let piece = |stream: &str, tag: char, text: &str| {
        format!("2026-11-01T10:00:00Z {stream} {tag} {text}\n")
    };
    let content = [
        piece("stdout", 'P', "one "),
        piece("stderr", 'P', "an "),
        piece("stdout", 'F', "line"),
        piece("stderr", 'F', "error"),
    ];
    pair.logs.write("default", "web", content.concat());
    let admin = pair.admin().await;
    assert_eq!(admin.text("web").await.text(), "one line\nan error\n");
    assert_eq!(admin.text("web?tail=1&stream=Stdout").await.text(), "one line\n");
}

#[tokio::test]
async fn history_says_which_files_of_a_container_are_read() {
    let pair = pair();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log", cri(&["earlier run"]));
    container.write("1.log.20261101-100000.gz", gzip(&cri(&["compressed"])));
    container.write("1.log.20261101-110000", cri(&["rotated"]));
    container.write("1.log.20261101-120000.tmp", cri(&["in the making"]));
    container.write("1.log", cri(&["current"]));
    let admin = pair.admin().await;
    for (query, expected) in [
        ("history=current", "current\n"),
        ("history=rotated", "compressed\nrotated\ncurrent\n"),
        ("", "compressed\nrotated\ncurrent\n"),
        ("tail=2", "rotated\ncurrent\n"),
        ("history=all", "earlier run\ncompressed\nrotated\ncurrent\n"),
        ("previous=true", "earlier run\n"),
    ] {
        assert_eq!(admin.logs(&format!("web?{query}")).await.log(), expected, "{query}");
    }
    admin.logs("web?history=all&previous=true").await.check_problem_is(422, "invalid_value");
    // The moment between the renaming and the new file.
    fs::remove_file(container.path().join("1.log")).unwrap();
    assert_eq!(admin.logs("web?history=current").await.log(), "rotated\n");
}

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_missing_log_directory_is_503_for_every_pod() {
    let pair = pair();
    let admin = pair.admin().await;
    let away = pair.beside_logs("away");
    fs::rename(pair.logs.path(), &away).unwrap();
    for answer in [admin.logs("healthy").await, admin.logs("missing").await] {
        answer.check_problem_is(503, "source_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        check_tells_nothing(&answer);
    }
    fs::create_dir(pair.logs.path()).unwrap();
    pair.logs.write("default", "healthy", cri(&["back"]));
    assert_eq!(admin.logs("healthy").await.log(), "back\n");
    admin.logs("missing").await.check_problem_is(404, "pod_not_found");
}
