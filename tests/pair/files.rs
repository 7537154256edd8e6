//! What may be found where a log should be.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    sync::mpsc::{self, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use reqwest::Method;

use crate::harness::{Answer, Ask, Caller, Pair, Setup, cri, cri_at, docker};

const SECRET: &str = "what nobody may read";

/// The log cannot be read, the gateway says so at once, and goes on.
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
    for word in [SECRET, "denied", "No such file", "os error", "link", ".log"] {
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
async fn a_link_out_of_the_pod_is_refused() {
    let pair = pair();
    let other = pair.logs.pod("bank", "vault").container("app");
    other.write("0.log", cri(&[SECRET]));
    fs::write(pair.beside_logs("outside.log"), cri(&[SECRET])).unwrap();
    symlink(other.path(), pair.beside_logs("way")).unwrap();
    let vault = pair.logs.pod("bank", "vault");
    let vault_name = vault.path().file_name().unwrap().to_str().unwrap();
    let targets = [
        other.path().join("0.log"),
        format!("../../{vault_name}/app/0.log").into(),
        pair.beside_logs("outside.log"),
        "../../../outside.log".into(),
        pair.beside_logs("way/0.log"),
        "/etc/passwd".into(),
        "/proc/self/environ".into(),
        "/dev/zero".into(),
    ];
    let admin = pair.admin().await;
    for (number, target) in targets.iter().enumerate() {
        let pod = format!("link-{number}");
        pair.logs.pod("default", &pod).container("app").link("0.log", target);
        check_unreadable(&admin, &pod).await;
    }
    // Whoever plants a link to another's log in the own pod gains nothing by the permission.
    let alice = pair.user("alice", &["logs:read:default/*"]).await;
    alice.logs("link-0").await.check_problem_is(500, "log_unreadable");
}

#[tokio::test]
async fn a_link_within_the_pod_is_followed() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    let container = pod.container("app");
    container.write("7.txt", cri(&["from the other end"])).link("0.log", "7.txt");
    pod.container("side").write("0.log", cri(&["beside"]));
    pod.container("linked").link("0.log", "../side/0.log");
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web?container=app").await.log(), "from the other end\n");
    assert_eq!(admin.logs("web?container=linked").await.log(), "beside\n");
}

#[tokio::test]
async fn a_link_that_leads_nowhere_or_to_itself_is_no_log() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    pod.container("nowhere").link("0.log", "missing.log");
    pod.container("itself").link("0.log", "0.log");
    let admin = pair.admin().await;
    for (container, status) in [("nowhere", 404), ("itself", 500)] {
        let answer = admin.logs(&format!("web?container={container}")).await;
        assert_eq!(answer.status, status, "{container}: {answer:?}");
        check_tells_nothing(&answer);
    }
    assert_eq!(admin.logs("healthy").await.status, 200);
}

#[tokio::test]
async fn a_pod_or_container_that_is_a_link_is_not_there() {
    let pair = pair();
    fs::create_dir_all(pair.beside_logs("outside/app")).unwrap();
    fs::write(pair.beside_logs("outside/app/0.log"), cri(&[SECRET])).unwrap();
    symlink(pair.beside_logs("outside"), pair.logs.path().join("default_linked_1")).unwrap();
    symlink(pair.beside_logs("outside/app"), pair.logs.pod("default", "web").path().join("app"))
        .unwrap();
    let admin = pair.admin().await;
    admin.logs("linked").await.check_problem_is(404, "pod_not_found");
    admin.logs("web").await.check_problem_is(404, "log_not_found");
    admin.logs("web?container=app").await.check_problem_is(404, "container_not_found");
    let listed = String::from_utf8(admin.pods().await.body).unwrap();
    assert!(!listed.contains("\"linked\"") && !listed.contains("\"app\",\"app\""), "{listed}");
}

/// Docker's logs are elsewhere; the kubelet links to them.
fn link_as_docker_does(pair: &Pair) {
    let directory = pair.beside_logs("containers/4c01db0b");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("4c01db0b-json.log"), docker(&["from docker"])).unwrap();
    let target = directory.join("4c01db0b-json.log");
    pair.logs.pod("default", "web").container("app").link("0.log", target);
}

#[tokio::test]
async fn a_link_as_docker_makes_it_needs_its_root_configured() {
    let pair = pair();
    link_as_docker_does(&pair);
    check_unreadable(&pair.admin().await, "web").await;

    let roots = crate::harness::scratch();
    let pair = Setup::new().gateway("GATEWAY_LOGS_ROOTS", &roots.path().to_string_lossy()).start();
    let pair = with_healthy(pair);
    link_as_docker_does(&pair);
    check_unreadable(&pair.admin().await, "web").await;
    let directory = roots.path().join("4c01db0b");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("0-json.log"), docker(&["from docker"])).unwrap();
    let container = pair.logs.pod("default", "docker").container("app");
    container.link("0.log", directory.join("0-json.log"));
    // Out of the root again, by a link or by the way of the path.
    symlink("/etc/passwd", directory.join("out-json.log")).unwrap();
    let climbing = roots.path().join("../../../../../../../../etc/passwd");
    pair.logs.pod("default", "out").container("app").link("0.log", directory.join("out-json.log"));
    pair.logs.pod("default", "climbing").container("app").link("0.log", climbing);
    let admin = pair.admin().await;
    assert_eq!(admin.logs("docker").await.log(), "from docker\n");
    check_unreadable(&admin, "out").await;
    check_unreadable(&admin, "climbing").await;
}

#[tokio::test]
async fn a_pipe_in_place_of_a_log_holds_nobody_up() {
    let pair = pair();
    let pod = pair.logs.pod("default", "web");
    pod.container("app").pipe("0.log");
    check_unreadable(&pair.admin().await, "web").await;
}

#[tokio::test]
async fn a_directory_in_place_of_a_log_is_no_log() {
    let pair = pair();
    pair.logs.pod("default", "web").container("app").directory("0.log");
    check_unreadable(&pair.admin().await, "web").await;
}

#[tokio::test]
async fn a_log_that_may_not_be_read_is_said_to_be_so() {
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
    // So that the directory can be removed by whoever is no root.
    fs::set_permissions(locked_container.path(), Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn a_pod_without_logs_has_none() {
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
async fn a_pod_that_was_removed_is_gone_at_once() {
    let pair = pair();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.status, 200);
    fs::remove_dir_all(pair.logs.pod("default", "web").path()).unwrap();
    admin.logs("web").await.check_problem_is(404, "pod_not_found");
    assert_eq!(admin.pod_names().await, ["default/healthy"]);
}

#[tokio::test]
async fn pods_that_come_and_go_while_they_are_listed_do_no_harm() {
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
async fn random_bytes_are_no_log_and_no_reason_to_fail() {
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
            // Reads as JSON and, without a filter, as far as the line that is one.
            let (log, text) = (admin.logs(&pod).await.log(), admin.text(&pod).await);
            assert_eq!(text.status, 200, "{query}");
            if matches!(query, "" | "?tail=5" | "?limitLines=3") {
                assert!(log.ends_with("a line after all\n"), "{length} {query}: {log:?}");
            }
        }
    }
}

#[tokio::test]
async fn half_a_line_is_served_as_far_as_it_goes() {
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
async fn bytes_that_are_no_text_stay_as_they_are_and_are_replaced_in_json() {
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
async fn a_compressed_log_that_is_none_does_not_pass_for_an_empty_one() {
    let pair = pair();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log.20261101-100000.gz", "no gzip at all");
    container.write("0.log", cri(&["current"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web?history=current").await.log(), "current\n");
    // An error, before the body or in it: which, depends on how much is read at once.
    if let Ok(response) = admin.text_request("web").send().await {
        assert!(response.status() == 500 || response.bytes().await.is_err());
    }
    assert_eq!(admin.logs("healthy").await.status, 200);
}

#[tokio::test]
async fn the_log_directory_itself_may_be_replaced_or_missing_for_a_while() {
    let pair = pair();
    let admin = pair.admin().await;
    let away = pair.beside_logs("away");
    fs::rename(pair.logs.path(), &away).unwrap();
    let answer = admin.logs("healthy").await;
    assert!(matches!(answer.status, 404 | 500), "{answer:?}");
    check_tells_nothing(&answer);
    fs::create_dir(pair.logs.path()).unwrap();
    pair.logs.write("default", "healthy", cri(&["back"]));
    assert_eq!(admin.logs("healthy").await.log(), "back\n");
}
