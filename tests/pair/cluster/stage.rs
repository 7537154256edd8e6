//! An API server, and a gateway that asks it.

use std::fs;

use serde_json::json;

use crate::harness::{Pair, PrivateCa, Setup, scratch};

/// Fields are dropped, and so stopped, in this order.
pub(super) struct Cluster {
    pub(super) gateway: Pair,
    pub(super) server: Pair,
    _directory: tempfile::TempDir,
}

impl Cluster {
    /// With the logs that `write` writes on the API server's side.
    pub(super) async fn start(write: impl FnOnce(&Pair)) -> Self {
        let server = Setup::new().over_tls(PrivateCa::new()).start();
        write(&server);
        let directory = scratch();
        let kubeconfig = directory.path().join("kubeconfig");
        let token = server.admin().await.token().to_owned();
        let address = format!("https://{}", server.gateway.listening());
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                { "name": "c", "cluster": {
                    "server": address, "certificate-authority": server.ca().file(),
                } },
            ],
            "users": [{ "name": "u", "user": { "token": token } }],
            "contexts": [{ "name": "x", "context": { "cluster": "c", "user": "u" } }],
            "current-context": "x",
        });
        fs::write(&kubeconfig, config.to_string()).unwrap();
        let gateway = Setup::new()
            .gateway("GATEWAY_SOURCE", "kubernetes")
            .gateway("GATEWAY_KUBECONFIG", kubeconfig.to_str().unwrap())
            .start();
        Self { gateway, server, _directory: directory }
    }
}
