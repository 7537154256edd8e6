//! `kubectl logs`.

use std::time::Instant;

use super::command::Kubectl;
use crate::{
    harness::{cri, cri_at, patience},
    peer::Installed,
    stage::{OwnNamespace, Stage, WEB, restart},
};

pub(super) fn a_log_has_its_exact_bytes(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    alice.says("logs web", WEB);
    alice.says("logs pod/web -c app --insecure-skip-tls-verify-backend", WEB);
    alice.says("logs bytes", b"\xff\xfe \0 \xe2\x89\xa0\r\n");
    let raw = "get --raw /api/v1/namespaces/team-a/pods/web/log?tailLines=1";
    alice.says(raw, "three\n");
}

pub(super) fn tail_and_limit_cut_a_log(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    for (tail, expected) in [("-1", WEB), ("0", ""), ("1", "three\n"), ("99", WEB)] {
        alice.says(&format!("logs web --tail={tail}"), expected);
    }
    alice.says("logs web --limit-bytes=5", "one\nt");
    alice.says("logs web --tail=2 --limit-bytes=3", "two");
}

pub(super) fn lines_are_chosen_by_their_time(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    alice.says("logs ages", "long ago\nto come\n");
    alice.says("logs ages --since=1h", "to come\n");
    alice.says("logs ages --since=1500ms", "to come\n");
    // kubectl sends whole seconds.
    alice.says("logs web --since-time=2026-11-01T10:00:01.9Z", "two\nthree\n");
    alice.says("logs web --since-time=2026-11-01T12:00:02+02:00", "three\n");
}

pub(super) fn lines_can_show_their_time(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let times = "2001-01-01T00:00:00.500000000Z long ago\n\
                 2126-01-01T00:00:00.000000000+02:00 to come\n";
    alice.says("logs ages --timestamps", times);
    alice.says("logs web --timestamps --tail=1", "2026-11-01T10:00:02.000000000Z three\n");
}

pub(super) fn previous_reads_the_run_before(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    alice.says("logs crashy", "after\n");
    alice.says("logs crashy --previous", "before\n");
    let none = r#"Error from server (BadRequest): previous terminated container "app" in pod "web" not found"#;
    alice.fails("logs web -p", none);
}

pub(super) fn containers_are_selected_by_name_by_default_or_all(
    stage: &Stage,
    kubectl: &Installed,
) {
    let alice = Kubectl::of_alice(kubectl, stage);
    alice.says("logs multi -c sidecar", "first of sidecar\nlast of sidecar\n");
    let ended = alice.run("logs multi --tail=1");
    assert_eq!((ended.code, ended.text()), (0, "last of app\n"));
    assert_eq!(ended.stderr, "Defaulted container \"app\" out of: app, sidecar\n");
    // In any order.
    let mut all = alice.rows("logs multi --all-containers --prefix --tail=1");
    all.sort();
    let all: Vec<_> = all.iter().map(|words| words.join(" ")).collect();
    assert_eq!(all, ["[pod/multi/app] last of app", "[pod/multi/sidecar] last of sidecar"]);
    alice.fails("logs multi -c nope", "error: container nope is not valid for pod multi");
}

pub(super) fn a_log_is_followed_until_its_container_ends(stage: &Stage, kubectl: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "live", cri(&["one", "two"]));
    let container = logs.pod(&name, "live").container("app");
    let reading = Kubectl::of(kubectl, stage.pair(), &reader, &name);
    let following = reading.start("logs -f live --tail=1");
    assert_eq!(following.line(), "two");
    container.append("0.log", cri_at(2, "stderr", "three"));
    assert_eq!(following.line(), "three");
    restart(stage.pair(), &name, "live");
    let end = following.end();
    assert_eq!((end.code, end.rest, end.stderr.as_str()), (0, Vec::new(), ""));
}

pub(super) fn a_follow_breaks_off_when_its_session_ends(stage: &Stage, kubectl: &Installed) {
    let OwnNamespace { name, reader } = stage.own();
    stage.pair().logs.write(&name, "live", cri(&["one"]));
    let reading = Kubectl::of(kubectl, stage.pair(), &reader, &name);
    let following = reading.start("logs -f live");
    assert_eq!(following.line(), "one");
    assert_eq!(stage.block_on(reader.log_out()).status, 204);
    let revoked = Instant::now();
    let end = following.end();
    // The gateway checks every second.
    assert!(revoked.elapsed() < patience() / 2, "after {:?}", revoked.elapsed());
    assert_eq!((end.code, end.rest.len()), (1, 0), "{end:?}");
    // The gateway offers kubectl only HTTP/1.1, and aborts the body.
    assert_eq!(end.stderr, "error: unexpected EOF\n");
}

pub(super) fn unreadable_logs_fail_in_the_api_servers_words(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let waiting = r#"Error from server (BadRequest): container "app" in pod "waiting" is waiting to start: ContainerCreating"#;
    alice.fails("logs waiting", waiting);
    // Later versions have another wording.
    let unknown = alice.run("logs nope");
    assert_eq!((unknown.code, unknown.text()), (1, ""));
    let said = r#"rror from server (NotFound): pods "nope" not found"#;
    assert!(unknown.stderr.contains(said), "{}", unknown.stderr);
    alice.fails("get pod nope", r#"Error from server (NotFound): pods "nope" not found"#);
    let deployment = alice.run("logs deploy/none");
    assert_eq!((deployment.code, deployment.text()), (1, ""));
}
