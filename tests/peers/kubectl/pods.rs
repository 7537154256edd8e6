//! `kubectl get` and `kubectl describe`.

use super::command::Kubectl;
use crate::{
    harness::cri,
    peer::Installed,
    stage::{OwnNamespace, Stage, remove, restart},
};

pub(super) fn pods_are_listed_in_a_table(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let rows = alice.rows("get pods");
    assert_eq!(rows[0], ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    let names: Vec<_> = rows[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["ages", "bytes", "crashy", "multi", "waiting", "web"]);
    assert_eq!(rows[3][1..4], ["0/1", "Running", "1"]);
    assert_eq!(rows[4][1..4], ["0/2", "Running", "0"]);

    let everywhere = alice.rows("get pods -A");
    assert_eq!(everywhere[0][..2], ["NAMESPACE", "NAME"]);
    assert!(everywhere[1..].iter().all(|row| row[0] == "team-a"), "{everywhere:?}");
    assert_eq!(everywhere.len(), rows.len());
    let wide = alice.rows("get pods web -o wide");
    assert_eq!(
        wide[0].join(" "),
        "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES"
    );
    assert_eq!(wide[1][0], "web");
    alice.says("get pods web crashy -o name", "pod/web\npod/crashy\n");
}

pub(super) fn pods_are_selected_by_their_fields(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    for (selection, expected) in [
        ("--field-selector=metadata.name=web", "pod/web\n"),
        (
            "--field-selector=status.phase=Running,metadata.name!=web --chunk-size=1",
            "pod/ages\npod/bytes\npod/crashy\npod/multi\npod/waiting\n",
        ),
        ("--field-selector=status.phase=Failed", ""),
    ] {
        alice.says(&format!("get pods -o name {selection}"), expected);
    }
    let labelled = alice.run("get pods -o name -l app=web");
    assert_eq!((labelled.code, labelled.text()), (0, ""), "{labelled:?}");
    assert_eq!(labelled.stderr, "Warning: this source knows no labels\n");
    let unknown = alice.run("get pods --field-selector=status.foo=1");
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(unknown.stderr.contains("(BadRequest)"), "{unknown:?}");
    assert!(unknown.stderr.contains("field label not supported: status.foo"), "{unknown:?}");
}

pub(super) fn describe_shows_a_pod_in_full(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let yaml = alice.run("get pod crashy -o yaml");
    assert!(yaml.is_content(), "{yaml:?}");
    for part in ["kind: Pod\n", "  name: crashy\n", "  namespace: team-a\n", "restartCount: 1\n"] {
        assert!(yaml.text().contains(part), "no {part:?}: {}", yaml.text());
    }
    let path = "get pods -o jsonpath={.items[*].spec.containers[*].name}";
    alice.says(path, "app app app app sidecar app app");
    let described = alice.rows("describe pod crashy");
    for row in [
        &["Name:", "crashy"][..],
        &["Namespace:", "team-a"],
        &["Status:", "Running"],
        &["Restart", "Count:", "1"],
        &["Events:", "<none>"],
    ] {
        assert!(described.iter().any(|words| words == row), "no {row:?}: {described:?}");
    }
}

pub(super) fn pods_are_watched(stage: &Stage, kubectl: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "first", cri(&["x"]));
    let reader = Kubectl::of(kubectl, stage.pair(), &reader, &name);
    let watching = reader.start("get pods -w --no-headers");
    let everywhere = reader.start("get pods -w --no-headers -A --output-watch-events");
    assert_eq!(watching.words()[..4], ["first", "0/1", "Running", "0"]);
    assert_eq!(everywhere.words()[..6], ["ADDED", &name, "first", "0/1", "Running", "0"]);
    restart(stage.pair(), &name, "first");
    assert_eq!(watching.words()[..4], ["first", "0/1", "Running", "1"]);
    assert_eq!(everywhere.words()[..6], ["MODIFIED", &name, "first", "0/1", "Running", "1"]);
    remove(stage.pair(), &name, "first");
    assert_eq!(everywhere.words()[..3], ["DELETED", &name, "first"]);
}

pub(super) fn namespaces_are_listed(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let rows = alice.rows("get ns");
    assert_eq!(rows[0], ["NAME", "STATUS", "AGE"]);
    assert_eq!((rows.len(), &rows[1][..2]), (2, &["team-a".to_owned(), "Active".to_owned()][..]));
    alice.says("get namespaces -o name", "namespace/team-a\n");
}
