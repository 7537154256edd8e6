//! Chromium on the pages on which a user lets kubectl-sso have a session: what the policies of real
//! browsers make of them.

use std::{path::Path, process::Command};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::{
    harness::{ADMIN, OngoingLogin, Pair},
    installed::{javascript, program, trial},
};

/// A case with the JavaScript libraries and Chromium.
type ConsentCase = fn(&Path, &Path);

const CASES: [(&str, ConsentCase); 2] = [
    ("user_logs_kubectl_sso_in_at_a_loopback_port", at_a_loopback_port),
    ("user_logs_a_device_in_by_its_code", by_a_code),
];

pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    CASES.into_iter().map(|(name, run)| {
        let needed = javascript().and_then(|libraries| Ok((libraries, program("chromium")?)));
        trial(format!("chromium::{name}"), needed, move |(libraries, chromium)| {
            run(&libraries, &chromium);
        })
    })
}

fn at_a_loopback_port(libraries: &Path, chromium: &Path) {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let mut login = user.begin_login(&["--browser"], &[("BROWSER", "/bin/true")]);
    login.line();
    let url = login.line();
    check(libraries, chromium, &url, "You are logged in");
    finish(login);
    assert_eq!(user.kubectl_sso("status").code, 0);
}

fn by_a_code(libraries: &Path, chromium: &Path) {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let mut login = user.begin_login(&["--device"], &[]);
    login.line();
    let line = login.line();
    check(libraries, chromium, line.strip_prefix("Or open ").unwrap(), "Device connected");
    finish(login);
    assert_eq!(user.kubectl_sso("status").code, 0);
}

/// The user opens a page, logs in, agrees, and ends on a page with these words.
fn check(libraries: &Path, chromium: &Path, url: &str, last: &str) {
    let output = Command::new("node")
        .args(["--input-type=module", "-e", include_str!("javascript/agree.js"), "--"])
        .arg(chromium)
        .args([url, ADMIN.0, ADMIN.1])
        // Packages are resolved in the directory of the script.
        .current_dir(libraries)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(seen["last"].as_str().unwrap().contains(last), "{seen}");
    assert_eq!(seen["complaints"], json!([]), "the policy of a page forbids what it does");
}

fn finish(login: OngoingLogin) {
    let ended = login.end();
    assert_eq!(ended.code, 0, "{ended:?}");
}
