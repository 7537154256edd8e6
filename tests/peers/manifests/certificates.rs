//! The certificates that `secrets.sh` makes are those that a front and a node need.

use std::{fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use libtest_mimic::Trial;

use super::{
    objects::text,
    overlay::{BuiltOverlay, succeeded},
    tools,
};
use crate::{
    harness::{Setup, scratch},
    installed::{self, program},
};

/// The name of the nodes in the overlay.
const NODES: &str = "logs-gateway-node.logs-gateway-nodes.svc";

pub(super) fn trials() -> Vec<Trial> {
    let name = "manifests::certificates::a_node_believes_its_front_and_nobody_else";
    let needed = || Ok((program("curl")?, tools()?));
    vec![installed::trial(name.to_owned(), needed(), |(curl, tools)| {
        ask_node(&curl, tools.build("nodes"));
    })]
}

fn ask_node(curl: &Path, overlay: &BuiltOverlay) {
    let home = scratch();
    let file = |secret: &str, name: &str| {
        let path = home.path().join(format!("{secret}-{name}"));
        let secrets = overlay.secrets.of_kind("Secret");
        let secret = secrets.filter(|one| one["metadata"]["name"] == secret).next().unwrap();
        fs::write(&path, STANDARD.decode(text(&secret["data"][name])).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let of_node = |name: &str| file("logs-gateway-node-tls", name);
    let node = Setup::new()
        .gateway("GATEWAY_TLS_CERT", &of_node("tls.crt"))
        .gateway("GATEWAY_TLS_KEY", &of_node("tls.key"))
        .gateway("GATEWAY_FRONT_CA", &of_node("ca.crt"))
        .start();
    let port = node.gateway.listening().port();
    let ask = |secret: &str| {
        let mut curl = Command::new(curl);
        curl.args(["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}"]);
        curl.args(["--resolve", &format!("{NODES}:{port}:127.0.0.1")]);
        curl.args(["--cacert", &file(secret, "ca.crt"), "--cert", &file(secret, "tls.crt")]);
        curl.args(["--key", &file(secret, "tls.key"), "--header", "X-Remote-User: ada"]);
        String::from_utf8(succeeded(curl.arg(format!("https://{NODES}:{port}/pods")))).unwrap()
    };
    assert_eq!(ask("logs-gateway-front-tls"), "200");
    assert_eq!(ask("sso-service-tls"), "401");
}
