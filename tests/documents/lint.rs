//! Redocly finds nothing wrong with the documents.

use std::{path::Path, process::Command};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::{
    SERVICES,
    installed::{javascript, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    let name = |service| format!("redocly::{service}_document_has_no_fault");
    let trials = SERVICES.map(|service| {
        trial(name(service), javascript(), move |libraries| check(&libraries, service))
    });
    trials.into()
}

fn check(libraries: &Path, service: &str) {
    let documents = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");
    let output = Command::new("node")
        .arg(libraries.join("node_modules/@redocly/cli/bin/cli.js"))
        .args(["lint", "--config=redocly.yaml", "--format=json"])
        .arg(format!("{service}.json"))
        .current_dir(documents)
        // It would ask a registry for a newer version of itself, and report its use.
        .envs([("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"), ("REDOCLY_TELEMETRY", "off")])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"], Value::Array(Vec::new()), "{report:#}");
}
