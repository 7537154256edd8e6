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
        let mut secrets = overlay.secrets.of_kind("Secret");
        let secret = secrets.find(|one| one["metadata"]["name"] == secret).unwrap();
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
    let asking = |secret: Option<&str>| {
        let mut curl = Command::new(curl);
        curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]);
        curl.args(["--resolve", &format!("{NODES}:{port}:127.0.0.1")]);
        curl.args(["--cacert", &of_node("ca.crt"), "--header", "X-Remote-User: ada"]);
        if let Some(secret) = secret {
            curl.args(["--cert", &file(secret, "tls.crt"), "--key", &file(secret, "tls.key")]);
        }
        curl.arg(format!("https://{NODES}:{port}/pods"));
        curl
    };
    let status = |secret| String::from_utf8(succeeded(&mut asking(secret))).unwrap();
    assert_eq!(status(Some("logs-gateway-front-tls")), "200");
    assert_eq!(status(None), "401");
    // It is not a certificate of a client.
    assert!(!asking(Some("sso-service-tls")).status().unwrap().success());
}
