//! Schemathesis makes requests from the documents, valid and invalid ones, alone and in sequences, and
//! compares the answers with the documents.

use std::{path::Path, process::Command};

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use crate::{
    harness::{ADMIN, Pair, Setup, cri, patience, scratch, until},
    installed::{python, trial},
};

/// How many random requests are made for each operation, and how many sequences, beside the
/// examples and the limits of each value.
const EXAMPLES: &str = "10";
/// The same requests in every run. Each run prints it.
const SEED: &str = "1";

/// A run: the name of its configuration in `schemathesis/`, and the service and the token.
type Run = (&'static str, fn(&Pair) -> (String, String));

const RUNS: [Run; 3] = [
    ("sso-service", |pair| (url(pair.sso.listening()), key(pair))),
    ("account", |pair| (url(pair.sso.listening()), session(pair))),
    ("logs-gateway", |pair| (url(pair.gateway.listening()), key(pair))),
];

pub(crate) fn trials() -> Vec<Trial> {
    let name = |configuration| format!("schemathesis::{configuration}_answers_as_documented");
    let trials = RUNS.map(|(configuration, caller)| {
        trial(name(configuration), python(), move |python| check(&python, configuration, caller))
    });
    trials.into()
}

fn check(python: &Path, configuration: &str, caller: fn(&Pair) -> (String, String)) {
    let pair = start();
    let (service, token) = caller(&pair);
    let directory = scratch();
    let configurations = concat!(env!("CARGO_MANIFEST_DIR"), "/documents/schemathesis");
    let output = Command::new(python.with_file_name("schemathesis"))
        .arg(format!("--config-file={configurations}/{configuration}.toml"))
        .args(["run", &format!("{service}/openapi.json"), "--no-color", "--continue-on-failure"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--seed", SEED, "--max-examples", EXAMPLES, "--request-timeout", "10"])
        // Where it keeps the requests that failed.
        .current_dir(directory.path())
        .output()
        .unwrap();
    let [report, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "seed {SEED}\n{report}\n{errors}");
}

/// A pair that no limit of attempts holds back.
fn start() -> Pair {
    let pair = Setup::new()
        .sso("SSO_REGISTRATION", "open")
        .sso("SSO_LOGIN_FAILURES_PER_IP", "0")
        .sso("SSO_LOGIN_FAILURES_PER_USER", "0")
        .sso("SSO_JWT_AUDIENCES", "reports")
        .sso("SSO_LOG_LEVEL", "info")
        .gateway("GATEWAY_LOG_LEVEL", "info")
        .start();
    pair.logs.write("shop", "web-0", cri(&["hello"]));
    pair.logs.write("default", "web-0", cri(&["hello"]));
    pair
}

fn url(address: std::net::SocketAddr) -> String {
    format!("http://{address}")
}

/// A key that permits everything, and that no operation of the run ends.
fn key(pair: &Pair) -> String {
    let created = pair.administer(&["key", "create", "tester", "--permission", "*"]);
    let key = created.stdout.split_whitespace().find(|word| word.starts_with("ssok_")).unwrap();
    let caller = pair.anonymous().with_token(key);
    let is_valid = async || (caller.validate().await.status == 200).then_some(());
    Runtime::new().unwrap().block_on(until("the key is in force", patience(), is_valid));
    key.to_owned()
}

fn session(pair: &Pair) -> String {
    let (name, password) = ADMIN;
    let answer = Runtime::new().unwrap().block_on(pair.anonymous().log_in(name, password));
    answer.json()["token"].as_str().unwrap().to_owned()
}
