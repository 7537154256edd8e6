//! `compose.yaml`: Docker Compose accepts every profile, every service is hardened and has a health
//! check, and the services accept their variables.
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

use crate::{
    harness::{run_gateway, run_sso, scratch},
    installed,
};

const PROFILES: [&str; 3] = ["sqlite", "postgres", "redis"];
/// The files of secrets whose content has a form, with an example.
const SECRETS: [(&str, &str); 2] = [
    ("sso_database_url", "postgres://sso:correct-horse@postgres/sso"),
    ("sso_session_store", "redis://:correct-horse@redis"),
];
/// Below it, Docker Compose mounts the files of secrets.
const MOUNTED_SECRETS: &str = "/run/secrets/";
/// The variables of the image `postgres`.
const OF_POSTGRES: [&str; 3] = ["POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"];
const TO_JSON: &str =
    "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";

/// Checks the file.
type Check = fn(&Value);

pub(crate) fn trials() -> Vec<Trial> {
    let accepted = Trial::ignorable_test("compose::docker_compose_accepts_every_profile", || {
        if !runs(Command::new("docker").args(["compose", "version"])) {
            return Ok(Completion::ignored_with("docker compose not found"));
        }
        PROFILES.iter().for_each(|profile| check_accepted(profile));
        Ok(Completion::Completed)
    });
    let cases: [(&str, Check); 8] = [
        ("every_service_is_hardened", hardened),
        ("every_service_has_a_health_check", healthy),
        ("every_image_of_others_is_pinned", pinned),
        ("every_profile_has_what_its_services_need", closed),
        ("every_variable_is_accepted", accepted_variables),
        ("the_default_profile_is_sqlite", sqlite),
        ("in_the_profile_postgres_the_gateway_asks_two_healthy_instances", postgres),
        ("in_the_profile_redis_the_instances_share_the_live_tokens", redis),
    ];
    let structural = cases.map(|(name, case)| {
        installed::trial(format!("compose::{name}"), installed::python(), move |python| {
            case(&compose_file(&python));
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

/// The file, with anchors resolved.
fn compose_file(python: &Path) -> Value {
    let output =
        Command::new(python).args(["-c", TO_JSON, "compose.yaml"]).current_dir(root()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The services, by their names.
fn services(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file["services"].as_object().unwrap().iter()
}

/// The variables that a service is given.
fn variables(service: &Value) -> impl Iterator<Item = (&str, &str)> {
    let variables = service["environment"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn in_profile<'a>(file: &'a Value, profile: &str) -> BTreeSet<&'a str> {
    let named =
        services(file).filter(|(_, service)| texts(&service["profiles"]).contains(&profile));
    named.map(|(name, _)| name.as_str()).collect()
}

fn hardened(file: &Value) {
    for (name, service) in services(file) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service["mem_limit"].is_string(), "{name}");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        for (variable, _) in variables(service) {
            let is_secret = ["PASSWORD", "KEY"].iter().any(|secret| variable.ends_with(secret));
            assert!(!is_secret, "{name}: {variable} must be read from a file");
        }
    }
}

/// Our images have no shell: each service checks itself. Programs of others are those of the image.
fn healthy(file: &Value) {
    for (name, service) in services(file) {
        let check = &service["healthcheck"];
        let image = service["image"].as_str().unwrap();
        let itself = ["CMD", &format!("/usr/local/bin/{image}"), "healthcheck"];
        match texts(&check["test"])[..] {
            ["CMD", "pg_isready", ..] => assert!(image.starts_with("postgres:"), "{name}"),
            ["CMD-SHELL", test] => assert!(test.starts_with("redis-cli ping "), "{name}"),
            ref test => assert_eq!(test, &itself, "{name}"),
        }
        for duration in ["interval", "timeout", "start_period"] {
            assert!(check[duration].as_str().unwrap().ends_with('s'), "{name}: {duration}");
        }
        assert!(check["retries"].is_u64(), "{name}");
    }
}

fn pinned(file: &Value) {
    for (name, service) in services(file).filter(|(_, service)| service["build"].is_null()) {
        let (_, tag) = service["image"].as_str().unwrap().split_once(':').unwrap();
        assert!(tag.contains('.'), "{name}: {tag} is not a version");
    }
}

/// What a service waits for is in its profiles and healthy; its secrets and volumes are declared.
fn closed(file: &Value) {
    for (name, service) in services(file) {
        let profiles = texts(&service["profiles"]);
        assert!(!profiles.is_empty(), "{name} is in no profile");
        for profile in profiles {
            assert!(PROFILES.contains(&profile), "{name}: {profile}");
            for (needed, how) in service["depends_on"].as_object().into_iter().flatten() {
                assert!(in_profile(file, profile).contains(needed.as_str()), "{name}: {needed}");
                assert_eq!(how["condition"], "service_healthy", "{name}: {needed}");
            }
        }
        for secret in texts(&service["secrets"]) {
            let expected = format!("./secrets/{secret}");
            assert_eq!(file["secrets"][secret]["file"], expected, "{name}: {secret}");
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let declared = volume.as_str().and_then(|volume| volume.split_once(':'));
            let is_known = declared.is_none_or(|(volume, _)| file["volumes"].get(volume).is_some());
            assert!(is_known, "{name}: {volume}");
        }
    }
}

/// A service refuses variables that it does not know, and warns of those without effect.
fn accepted_variables(file: &Value) {
    for (name, service) in services(file) {
        let secrets = scratch();
        let variables = with_files(service, secrets.path());
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let checked = match service["image"].as_str().unwrap() {
            "sso-service" => run_sso(&["check-config"], &variables, ""),
            "logs-gateway" => run_gateway(&["check-config"], &variables),
            _ => {
                assert!(variables.iter().all(|(name, _)| OF_POSTGRES.contains(name)), "{name}");
                continue;
            }
        };
        let valid = (0, "the configuration is valid\n");
        assert_eq!((checked.code, checked.stderr.as_str()), valid, "{name}");
    }
}

/// The variables of a service. Files of its secrets, which hold an example, and directories of the
/// node are here.
fn with_files<'a>(service: &'a Value, here: &Path) -> Vec<(&'a str, String)> {
    let secrets = texts(&service["secrets"]);
    let given = variables(service).map(|(name, value)| match value.strip_prefix(MOUNTED_SECRETS) {
        Some(secret) => {
            assert!(secrets.contains(&secret), "{name}: {secret} is not mounted");
            let known = SECRETS.iter().find(|(known, _)| *known == secret);
            let content = known.map_or("correct horse battery staple", |(_, content)| content);
            let file = here.join(secret);
            fs::write(&file, content).unwrap();
            (name, file.to_str().unwrap().to_owned())
        }
        None if value.starts_with('/') => (name, here.to_str().unwrap().to_owned()),
        None => (name, value.to_owned()),
    });
    given.collect()
}

fn sqlite(file: &Value) {
    let environment = fs::read_to_string(root().join(".env")).unwrap();
    assert!(environment.lines().any(|line| line == "COMPOSE_PROFILES=sqlite"), "{environment}");
    assert_eq!(in_profile(file, "sqlite"), BTreeSet::from(["sso-service", "logs-gateway"]));
    check_gateway(file, "logs-gateway", &["sso-service"]);
}

fn postgres(file: &Value) {
    let instances = ["sso-service-1", "sso-service-2"];
    let all = instances.into_iter().chain(["postgres", "logs-gateway-postgres"]);
    assert_eq!(in_profile(file, "postgres"), all.collect());
    check_gateway(file, "logs-gateway-postgres", &instances);
    instances.iter().for_each(|name| check_on_postgres(file, name));
}

fn redis(file: &Value) {
    let instances = ["sso-service-redis-1", "sso-service-redis-2"];
    let all = instances.into_iter().chain(["postgres", "redis", "logs-gateway-redis"]);
    assert_eq!(in_profile(file, "redis"), all.collect());
    check_gateway(file, "logs-gateway-redis", &instances);
    for name in instances {
        check_on_postgres(file, name);
        let instance = &file["services"][name];
        let store = "/run/secrets/sso_session_store";
        assert_eq!(instance["environment"]["SSO_SESSION_STORE_FILE"], store, "{name}");
        assert_eq!(instance["depends_on"]["redis"]["condition"], "service_healthy", "{name}");
    }
    let command = texts(&file["services"]["redis"]["command"]);
    assert!(command.windows(2).any(|pair| pair == ["--maxmemory-policy", "noeviction"]));
}

/// A gateway asks these instances, and names the first to clients by its published port.
fn check_gateway(file: &Value, name: &str, instances: &[&str]) {
    let gateway = &file["services"][name];
    let urls: Vec<_> = instances.iter().map(|name| format!("http://{name}:8001")).collect();
    assert_eq!(gateway["environment"]["GATEWAY_SSO_URL"], urls.join(","), "{name}");
    let public = &gateway["environment"]["GATEWAY_PUBLIC_SSO_URL"];
    let first = &file["services"][instances[0]];
    assert_eq!(public, &first["environment"]["SSO_PUBLIC_URL"], "{name}");
    let port = public.as_str().unwrap().strip_prefix("http://").unwrap();
    assert_eq!(texts(&first["ports"]), [format!("{port}:8001")], "{name}");
    for instance in instances {
        let needed = &gateway["depends_on"][instance];
        assert_eq!(needed["condition"], "service_healthy", "{name}: {instance}");
    }
}

fn check_on_postgres(file: &Value, name: &str) {
    let instance = &file["services"][name];
    assert_eq!(instance["depends_on"]["postgres"]["condition"], "service_healthy", "{name}");
    assert_eq!(instance["environment"]["SSO_DATABASE_URL"], "", "{name}");
    let url = "/run/secrets/sso_database_url";
    assert_eq!(instance["environment"]["SSO_DATABASE_URL_FILE"], url, "{name}");
}
