//! One Sentinel.

use std::{fs, net::SocketAddr};

use super::{
    super::{
        daemon::{Daemon, LastSignal, ServerDirectory, own},
        loopback::own_address,
    },
    endpoint::Endpoint,
};
use crate::installed;

/// The name by which Sentinels know the primary.
pub(super) const NAME: &str = "sessions";

/// A process that watches the primary.
#[derive(Debug)]
pub(super) struct Sentinel {
    _daemon: Daemon,
    endpoint: Endpoint,
}

impl Sentinel {
    /// Starts one that asks another for its agreement before it replaces the primary.
    pub(super) async fn start(primary: SocketAddr) -> Self {
        let (directory, address) = (ServerDirectory::new(), own_address());
        // It writes its state into its configuration.
        let file = directory.path().join("sentinel.conf");
        fs::write(&file, configuration(address, primary)).unwrap();
        own(&file);
        let program = installed::program("redis-sentinel").unwrap();
        let mut daemon = Daemon::new(&program, directory, LastSignal::Kill).args(["sentinel.conf"]);
        let endpoint = Endpoint::open(address);
        daemon.start(async |_| endpoint.answers().await).await;
        // A Sentinel that stood still does nothing for 30 s otherwise.
        endpoint.command(&["SENTINEL", "DEBUG", "TILT-PERIOD", "1000"]).await.unwrap();
        Self { _daemon: daemon, endpoint }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.endpoint.address
    }

    /// The primary, as it knows it.
    pub(super) async fn primary(&self) -> SocketAddr {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        let answer = self.endpoint.command(&words).await.unwrap();
        answer.replace('\n', ":").parse().unwrap()
    }

    /// Whether it knows one healthy primary, one replica and three Sentinels.
    pub(super) async fn knows_all(&self) -> bool {
        let info = self.endpoint.command(&["INFO", "sentinel"]).await.unwrap();
        info.contains("status=ok") && info.contains("slaves=1,sentinels=3")
    }

    /// Replaces the primary, which need not be down. An error says that it cannot at the moment.
    pub(super) async fn fail_over(&self) -> Result<String, String> {
        self.endpoint.command(&["SENTINEL", "FAILOVER", NAME]).await
    }
}

/// A second without an answer, and the primary is down.
fn configuration(address: SocketAddr, primary: SocketAddr) -> String {
    format!(
        "bind {host}\n\
         port {port}\n\
         protected-mode no\n\
         sentinel announce-ip {host}\n\
         sentinel monitor {NAME} {primary_host} {primary_port} 2\n\
         sentinel down-after-milliseconds {NAME} 1000\n\
         sentinel failover-timeout {NAME} 3000\n",
        host = address.ip(),
        port = address.port(),
        primary_host = primary.ip(),
        primary_port = primary.port(),
    )
}
