//! The samples for proxies that Debian does not have: they are YAML, and name the right endpoints.

use std::{fs, process::Command};

use serde_json::Value;

use super::program::samples_directory;
use crate::{peer::Installed, stage::Stage};

/// A sample as JSON.
fn sample(python: &Installed, path: &str) -> Value {
    let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
    let file = fs::File::open(samples_directory().join(path)).unwrap();
    let output = Command::new(&python.program).arg("-c").arg(program).stdin(file).output().unwrap();
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(super) fn traefik_sample_names_our_endpoint(_: &Stage, python: &Installed) {
    let fixed = sample(python, "traefik/traefik.yml");
    assert_eq!(fixed["providers"]["file"]["filename"], "/etc/traefik/dynamic.yml");
    let http = &sample(python, "traefik/dynamic.yml")["http"];
    let router = &http["routers"]["application"];
    assert!(fixed["entryPoints"][router["entryPoints"][0].as_str().unwrap()].is_object());
    let order = serde_json::json!(["sso-check", "without-credentials"]);
    assert_eq!(router["middlewares"], order);
    let check = &http["middlewares"]["sso-check"]["forwardAuth"];
    assert_eq!(check["address"], "http://127.0.0.1:8001/authz/forward?permission=app:use");
    assert_eq!(check["trustForwardHeader"], false);
    let removed = &http["middlewares"]["without-credentials"]["headers"]["customRequestHeaders"];
    assert_eq!(*removed, serde_json::json!({"Authorization": "", "Cookie": ""}));
    assert!(http["services"][router["service"].as_str().unwrap()].is_object());
}

pub(super) fn envoy_sample_names_our_endpoint(_: &Stage, python: &Installed) {
    let resources = &sample(python, "envoy/envoy.yaml")["static_resources"];
    let manager = &resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let check = &manager["http_filters"][0]["typed_config"];
    assert_eq!(check["failure_mode_allow"], false);
    assert_eq!(check["http_service"]["path_prefix"], "/authz/envoy/app%3Ause");
    let response = &check["http_service"]["authorization_response"];
    let copied = response["allowed_upstream_headers"]["patterns"].as_array().unwrap();
    let copied: Vec<_> = copied.iter().map(|header| header["exact"].as_str().unwrap()).collect();
    assert_eq!(copied, ["x-auth-user", "x-auth-user-id", "x-auth-roles", "x-auth-permissions"]);
    let route = &manager["route_config"]["virtual_hosts"][0]["routes"][0];
    let removed = serde_json::json!(["authorization", "cookie"]);
    assert_eq!(route["request_headers_to_remove"], removed);
    let clusters = resources["clusters"].as_array().unwrap();
    let named = |name: &Value| clusters.iter().any(|cluster| cluster["name"] == *name);
    assert!(named(&check["http_service"]["server_uri"]["cluster"]));
    assert!(named(&route["route"]["cluster"]));
}
