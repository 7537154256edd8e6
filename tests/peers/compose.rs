//! `compose.yaml`: Docker Compose accepts every profile, and every service is hardened.
//!
//! Docker Compose is not among the programs that `cargo xtask peers` installs: Debian's is too old
//! for the file. Without it, its case is skipped, also with `CI=true`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use libtest_mimic::{Completion, Trial};
use serde_json::Value;

use crate::installed;

const PROFILES: [&str; 2] = ["sqlite", "postgres"];
const TO_JSON: &str =
    "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";

/// Checks the services.
type Check = fn(&Value);

pub(crate) fn trials() -> Vec<Trial> {
    let accepted = Trial::ignorable_test("compose::docker_compose_accepts_every_profile", || {
        if !runs(Command::new("docker").args(["compose", "version"])) {
            return Ok(Completion::ignored_with("docker compose not found"));
        }
        PROFILES.iter().for_each(|profile| check_accepted(profile));
        Ok(Completion::Completed)
    });
    let cases: [(&str, Check); 4] = [
        ("every_service_is_hardened", hardened),
        ("every_image_of_others_is_pinned", pinned),
        ("the_default_profile_is_sqlite", sqlite),
        ("in_the_profile_postgres_the_gateway_asks_two_healthy_instances", postgres),
    ];
    let structural = cases.map(|(name, case)| {
        installed::trial(format!("compose::{name}"), installed::python(), move |python| {
            case(&services(&python));
        })
    });
    structural.into_iter().chain([accepted]).collect()
}

fn check_accepted(profile: &str) {
    let mut compose = Command::new("docker");
    compose.args(["compose", "--profile", profile, "config", "--quiet"]).current_dir(root());
    assert!(runs(&mut compose), "the profile {profile} is not accepted");
}

fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The services of the file, with anchors resolved.
fn services(python: &Path) -> Value {
    let output =
        Command::new(python).args(["-c", TO_JSON, "compose.yaml"]).current_dir(root()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["services"].take()
}

fn each(services: &Value) -> impl Iterator<Item = (&String, &Value)> {
    services.as_object().unwrap().iter()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn in_profile<'a>(services: &'a Value, profile: &str) -> BTreeSet<&'a str> {
    let named =
        each(services).filter(|(_, service)| texts(&service["profiles"]).contains(&profile));
    named.map(|(name, _)| name.as_str()).collect()
}

fn hardened(services: &Value) {
    for (name, service) in each(services) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service["mem_limit"].is_string(), "{name}");
        assert!(!texts(&service["healthcheck"]["test"]).is_empty(), "{name}");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        for variable in service["environment"].as_object().unwrap().keys() {
            let is_secret = ["PASSWORD", "KEY"].iter().any(|secret| variable.ends_with(secret));
            assert!(!is_secret, "{name}: {variable} must be read from a file");
        }
    }
}

fn pinned(services: &Value) {
    for (name, service) in each(services).filter(|(_, service)| service["build"].is_null()) {
        let (_, tag) = service["image"].as_str().unwrap().split_once(':').unwrap();
        assert!(tag.contains('.'), "{name}: {tag} is not a version");
    }
}

fn sqlite(services: &Value) {
    let environment = fs::read_to_string(root().join(".env")).unwrap();
    assert!(environment.lines().any(|line| line == "COMPOSE_PROFILES=sqlite"), "{environment}");
    assert_eq!(in_profile(services, "sqlite"), BTreeSet::from(["sso-service", "logs-gateway"]));
    let gateway = &services["logs-gateway"];
    assert_eq!(gateway["depends_on"]["sso-service"]["condition"], "service_healthy");
    assert_eq!(gateway["environment"]["GATEWAY_SSO_URL"], "http://sso-service:8001");
}

fn postgres(services: &Value) {
    let instances = ["sso-service-1", "sso-service-2"];
    let all = instances.into_iter().chain(["postgres", "logs-gateway-postgres"]);
    assert_eq!(in_profile(services, "postgres"), all.collect());
    let gateway = &services["logs-gateway-postgres"];
    let urls = instances.map(|name| format!("http://{name}:8001")).join(",");
    assert_eq!(gateway["environment"]["GATEWAY_SSO_URL"], urls);
    for name in instances {
        let (needed, instance) = (&gateway["depends_on"][name], &services[name]);
        assert_eq!(needed["condition"], "service_healthy", "{name}");
        assert_eq!(instance["depends_on"]["postgres"]["condition"], "service_healthy", "{name}");
        assert_eq!(instance["environment"]["SSO_DATABASE_URL"], "", "{name}");
        let file = "/run/secrets/sso_database_url";
        assert_eq!(instance["environment"]["SSO_DATABASE_URL_FILE"], file, "{name}");
    }
}
