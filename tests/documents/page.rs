//! Chromium on the page of the gateway, with the services as `cargo xtask up` starts them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{
    harness::binaries::build,
    installed::{javascript, program, trial},
};

/// The name of the case.
const NAME: &str = "chromium::log_in_on_the_page_reads_a_log";

pub(crate) fn trials() -> Vec<Trial> {
    let needed = javascript().and_then(|libraries| Ok((libraries, program("chromium")?)));
    vec![trial(NAME.to_owned(), needed, |(libraries, chromium)| check(&libraries, &chromium))]
}

fn check(libraries: &Path, chromium: &Path) {
    let up = Up::start();
    let output = Command::new("node")
        .args(["--input-type=module", "-e", include_str!("page.js"), "--"])
        .arg(chromium)
        .args([&up.gateway, &up.name, &up.password, &up.namespace, &up.pod])
        // Packages are resolved in the directory of the script.
        .current_dir(libraries)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let [answer, complaints, origins]: [Value; 3] = lines.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(answer["status"], "200", "{answer}");
    let log: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!((&log["status"], &log["pod_name"]), (&json!("success"), &json!(up.pod)));
    assert_eq!(complaints, json!([]), "the policy of the page permits everything that it does");
    assert_eq!(origins, json!([up.gateway, up.sso]), "no third party is called");
}

/// Both services, started by `cargo xtask up`, which prints how to use them.
struct Up {
    child: Child,
    sso: String,
    gateway: String,
    name: String,
    password: String,
    namespace: String,
    pod: String,
}

impl Up {
    fn start() -> Self {
        let program = build(&["up"]).remove("up").unwrap();
        let mut child = Command::new(program).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut after = |start: &str| {
            let line =
                lines.by_ref().find_map(|line| Some(line.trim().strip_prefix(start)?.to_owned()));
            line.unwrap_or_else(|| panic!("no line begins with {start}"))
        };
        let user = after("user ");
        let words: Vec<_> = user.split_whitespace().collect();
        let (name, password) = (words[0].to_owned(), words[2].to_owned());
        let (sso, gateway) = (after("SSO="), after("GW="));
        // The first request for a log: `curl … "$GW/logs/POD?namespace=NAMESPACE…"`.
        let request = lines.find(|line| line.contains("$GW/logs/")).unwrap();
        let (_, request) = request.split_once("$GW/logs/").unwrap();
        let (pod, query) = request.split_once('?').unwrap();
        let (_, namespace) = query.split_once("namespace=").unwrap();
        let namespace = namespace.split(['&', '"']).next().unwrap().to_owned();
        Self { child, sso, gateway, name, password, namespace, pod: pod.to_owned() }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // It stops both services before it ends.
        pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.child.wait();
    }
}
