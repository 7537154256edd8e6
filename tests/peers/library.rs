//! The Kubernetes project's libraries, each with a script that uses it like a typical program.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::{
    Case, cases,
    harness::{Caller, cri, scratch},
    peer::{Installed, Peer},
    running::{End, Running},
    stage::{OwnNamespace, Stage, kubeconfig, remove, restart},
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [
        pods_are_listed,
        pods_are_watched,
        a_log_is_read,
        a_log_is_followed,
        a_refusal_is_understood,
    ],
};

/// A script that runs, with a directory for its kubeconfig.
struct Script {
    running: Running,
    _directory: TempDir,
}

impl Script {
    /// For a user with this token.
    fn start(stage: &Stage, library: &Installed, caller: &Caller, arguments: &[&str]) -> Self {
        let directory = scratch();
        let file = directory.path().join("kubeconfig");
        fs::write(&file, kubeconfig(stage.pair(), caller, "default")).unwrap();
        let mut command = Command::new(&library.program);
        match library.peer {
            Peer::Python => command.args(["-c", include_str!("python/client.py")]),
            _ => command.args([
                "--input-type=module",
                "-e",
                include_str!("javascript/client.js"),
                "--",
            ]),
        };
        // Packages are resolved in the directory of the script.
        command.current_dir(&library.directory).env("KUBECONFIG", file).args(arguments);
        Self { running: Running::start(&mut command), _directory: directory }
    }

    #[track_caller]
    fn ends_with(self, lines: &[&str]) {
        let End { code, rest, stderr } = self.running.end();
        assert_eq!(
            (code, rest, stderr.as_str()),
            (0, lines.iter().map(ToString::to_string).collect(), "")
        );
    }
}

fn pods_are_listed(stage: &Stage, library: &Installed) {
    let script = Script::start(stage, library, stage.alice(), &["list", "team-a"]);
    let all = ["ages 0", "bytes 0", "crashy 1", "multi 0 0", "waiting 0", "web 0"];
    script.ends_with(&all.map(|pod| format!("LISTED {pod}")).each_ref().map(String::as_str));
}

fn pods_are_watched(stage: &Stage, library: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "web", cri(&["one"]));
    let script = Script::start(stage, library, &reader, &["watch", &name]);
    assert_eq!(script.running.line(), "ADDED web 0");
    restart(stage.pair(), &name, "web");
    assert_eq!(script.running.line(), "MODIFIED web 1");
    remove(stage.pair(), &name, "web");
    assert_eq!(script.running.line(), "DELETED web 1");
}

fn a_log_is_read(stage: &Stage, library: &Installed) {
    let script = Script::start(stage, library, stage.alice(), &["log", "team-a", "web"]);
    script
        .ends_with(&["2026-11-01T10:00:01.000000000Z two", "2026-11-01T10:00:02.000000000Z three"]);
}

fn a_log_is_followed(stage: &Stage, library: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "web", cri(&["one"]));
    let container = logs.pod(&name, "web").container("app");
    let script = Script::start(stage, library, &reader, &["follow", &name, "web"]);
    assert_eq!(script.running.line(), "one");
    container.append("0.log", cri(&["two"]));
    assert_eq!(script.running.line(), "two");
    restart(stage.pair(), &name, "web");
    script.ends_with(&[]);
}

fn a_refusal_is_understood(stage: &Stage, library: &Installed) {
    for (arguments, complaint) in [
        (["log", "team-a", "nope"], r#"404 pods "nope" not found"#),
        (
            ["log", "team-b", "secret"],
            r#"403 pods "secret" is forbidden: User "alice" cannot get resource "pods/log" in API group "" in the namespace "team-b""#,
        ),
    ] {
        let End { code, rest, stderr } =
            Script::start(stage, library, stage.alice(), &arguments).running.end();
        assert_eq!((code, rest, stderr.trim_end()), (1, Vec::new(), complaint));
    }
}
