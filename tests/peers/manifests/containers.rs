//! What containers may do, and what they are told.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    objects::{list, pod, text},
    overlay::{BuiltOverlay, manifests},
};
use crate::harness::{run_gateway, run_sso, scratch};

/// The gateways that read files of their node.
const ON_NODES: &str = "logs-gateway-node";

/// Calls `check` with each workload and its only container.
fn each_container(overlay: &BuiltOverlay, check: impl Fn(&Value, &Value)) {
    for workload in overlay.objects.workloads() {
        let containers: Vec<_> = list(&pod(workload)["containers"]).collect();
        let [container] = containers[..] else { panic!("{workload}") };
        check(workload, container);
    }
}

pub(super) fn hardened(overlay: &BuiltOverlay) {
    each_container(overlay, |workload, container| {
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false, "{workload}");
        assert_eq!(context["readOnlyRootFilesystem"], true, "{workload}");
        assert_eq!(context["capabilities"]["drop"], serde_json::json!(["ALL"]), "{workload}");
        assert!(context["capabilities"].get("add").is_none(), "{workload}");
        let pod = pod(workload);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["enableServiceLinks"], false, "{workload}");
        let asks_api_server = !pod["serviceAccountName"].is_null();
        assert_eq!(pod["automountServiceAccountToken"], asks_api_server, "{workload}");
        for mount in list(&container["volumeMounts"]) {
            let is_scratch = ["data", "tmp"].iter().any(|name| mount["name"] == *name);
            assert!(is_scratch || mount["readOnly"] == true, "{mount}");
        }
        for variable in list(&container["env"]) {
            let name = text(&variable["name"]);
            let is_secret = ["PASSWORD", "TOKEN"].iter().any(|secret| name.ends_with(secret));
            assert!(!is_secret, "{name} must be read from a file");
        }
    });
}

pub(super) fn probed(overlay: &BuiltOverlay) {
    each_container(overlay, |workload, container| {
        for (probe, path) in [
            ("startupProbe", "/readyz"),
            ("readinessProbe", "/readyz"),
            ("livenessProbe", "/livez"),
        ] {
            let get = &container[probe]["httpGet"];
            assert_eq!((&get["path"], &get["port"]), (&path.into(), &"ops".into()), "{workload}");
        }
        let resources = &container["resources"];
        for needed in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
            assert!(resources.pointer(needed).is_some_and(Value::is_string), "{needed}");
        }
        // A service stops by itself within 10 s.
        assert!(pod(workload)["terminationGracePeriodSeconds"].as_u64() > Some(10));
    });
}

/// A namespace enforces `restricted`, unless its pods need a directory of the node; those have no
/// other rights.
pub(super) fn restricted(overlay: &BuiltOverlay) {
    each_container(overlay, |workload, container| {
        let is_on_nodes = workload["metadata"]["name"] == ON_NODES;
        let namespace = workload["metadata"]["namespace"].clone();
        let namespaces: Vec<_> = overlay
            .objects
            .of_kind("Namespace")
            .filter(|known| known["metadata"]["name"] == namespace)
            .collect();
        let level = &namespaces[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
        assert_eq!(level, if is_on_nodes { "privileged" } else { "restricted" });
        let pod = pod(workload);
        let directories: Vec<_> = list(&pod["volumes"])
            .filter_map(|volume| volume["hostPath"]["path"].as_str())
            .collect();
        let expected: &[&str] = if is_on_nodes { &["/var/log/pods"] } else { &[] };
        assert_eq!(directories, expected);
        for forbidden in ["hostNetwork", "hostPID", "hostIPC"] {
            assert!(pod.get(forbidden).is_none(), "{forbidden}");
        }
        match is_on_nodes {
            true => assert_eq!(container["securityContext"]["runAsUser"], 0),
            false => assert_eq!(pod["securityContext"]["runAsNonRoot"], true),
        }
    });
}

/// Each service accepts the variables of its pod and of its image. Mounted secrets are files here.
pub(super) fn accepted_variables(overlay: &BuiltOverlay) {
    each_container(overlay, |workload, container| {
        let home = scratch();
        // A variable of the pod takes the place of one of the image.
        let mut variables: BTreeMap<String, String> = of_image(text(&container["image"]));
        for source in list(&container["envFrom"]) {
            let name = &source["configMapRef"]["name"];
            let settings = overlay.objects.beside(workload, "ConfigMap", name).unwrap();
            for (name, value) in settings["data"].as_object().unwrap() {
                variables.insert(name.clone(), text(value).to_owned());
            }
        }
        for variable in list(&container["env"]) {
            let value = variable["value"].as_str().unwrap_or("node-1");
            variables.insert(text(&variable["name"]).to_owned(), value.to_owned());
        }
        for value in variables.values_mut() {
            *value = here(value, overlay, workload, container, home.path());
        }
        if variables.values().any(|value| value == "kubernetes") {
            let kubeconfig = home.path().join("kubeconfig");
            fs::write(&kubeconfig, KUBECONFIG).unwrap();
            // The account of the pod exists only in a cluster.
            let kubeconfig = kubeconfig.to_str().unwrap().to_owned();
            variables.insert("GATEWAY_KUBECONFIG".to_owned(), kubeconfig);
        }
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let checked = match text(&container["image"]) {
            "sso-service" => run_sso(&["check-config"], &variables, ""),
            _ => run_gateway(&["check-config"], &variables),
        };
        let valid = (0, "the configuration is valid\n");
        assert_eq!((checked.code, checked.stderr.as_str()), valid, "{workload}");
    });
}

const KUBECONFIG: &str = r#"{"apiVersion": "v1", "kind": "Config", "current-context": "cluster",
"clusters": [{"name": "cluster", "cluster": {"server": "https://127.0.0.1:6443"}}],
"contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": "gateway"}}],
"users": [{"name": "gateway", "user": {"token": "a-token"}}]}"#;

/// The variables that the Dockerfile sets for an image.
fn of_image(name: &str) -> BTreeMap<String, String> {
    let dockerfile = fs::read_to_string(manifests().join("../../Dockerfile")).unwrap();
    let (_, stage) = dockerfile.split_once(&format!("FROM runtime AS {name}\n")).unwrap();
    let (stage, _) = stage.split_once("ENTRYPOINT").unwrap();
    let words = stage.split_whitespace().filter_map(|word| word.split_once('='));
    words
        .filter(|(name, _)| name.starts_with("SSO_") || name.starts_with("GATEWAY_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A value, with paths of the container as paths of this machine.
fn here(
    value: &str,
    overlay: &BuiltOverlay,
    workload: &Value,
    container: &Value,
    home: &Path,
) -> String {
    let (scheme, path) = match value.strip_prefix("sqlite://") {
        Some(path) => ("sqlite://", path),
        None => ("", value),
    };
    if !path.starts_with('/') {
        return value.to_owned();
    }
    let mount = list(&container["volumeMounts"])
        .find(|mount| path.starts_with(text(&mount["mountPath"])))
        .unwrap_or_else(|| panic!("{path} is not mounted"));
    let directory = home.join(text(&mount["name"]));
    fs::create_dir_all(&directory).unwrap();
    let volume = list(&pod(workload)["volumes"]).find(|volume| volume["name"] == mount["name"]);
    if let Some(secret) =
        volume.map(|volume| &volume["secret"]["secretName"]).filter(|name| name.is_string())
    {
        write_secret(overlay, workload, secret, &directory);
    }
    let rest = path[text(&mount["mountPath"]).len()..].trim_start_matches('/');
    let path: PathBuf = if rest.is_empty() { directory } else { directory.join(rest) };
    format!("{scheme}{}", path.to_str().unwrap())
}

/// Writes what is in a secret into files, as a volume does.
fn write_secret(overlay: &BuiltOverlay, workload: &Value, name: &Value, directory: &Path) {
    let Some(secret) = overlay.secrets.beside(workload, "Secret", name) else {
        return fs::write(directory.join("url"), "postgres://sso:secret@postgres/sso").unwrap();
    };
    for (name, value) in secret["data"].as_object().unwrap() {
        fs::write(directory.join(name), STANDARD.decode(text(value)).unwrap()).unwrap();
    }
}
