//! An API server, and a gateway that asks it.

use std::{fs, path::Path};

use serde_json::json;

use crate::harness::{
    FakeApiServer, Pair, PrivateCa, Setup, patience, plain_client, scratch, until,
};

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
        let gateway = asking(&kubeconfig).start();
        Self { gateway, server, _directory: directory }
    }
}

/// The configuration of a gateway that asks the API server of this kubeconfig.
fn asking(kubeconfig: &Path) -> Setup {
    Setup::new()
        .gateway("GATEWAY_SOURCE", "kubernetes")
        .gateway("GATEWAY_KUBECONFIG", kubeconfig.to_str().unwrap())
}

/// A fake API server, and a gateway that asks it. Dropped in this order.
pub(super) struct FakeCluster {
    pub(super) gateway: Pair,
    pub(super) server: FakeApiServer,
}

impl FakeCluster {
    /// With further variables of the gateway, which knows the pods by then.
    pub(super) async fn with(
        server: FakeApiServer,
        configure: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let gateway = configure(asking(server.kubeconfig())).start();
        let url = format!("http://{}/readyz", gateway.gateway.ops());
        until("the pods", patience(), async || {
            let status = plain_client().get(&url).send().await.unwrap().status();
            (status == 200).then_some(())
        })
        .await;
        Self { gateway, server }
    }
}
