//! How a Redis server is started.

use std::net::SocketAddr;

use super::{
    super::{
        daemon::{CA, CERTIFICATE, Daemon, KEY, LastSignal, ServerDirectory, install_certificate},
        loopback::own_address,
    },
    endpoint::Endpoint,
    server::Redis,
};
use crate::{harness::PrivateCa, installed};

/// A Redis server to be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RedisSetup<'a> {
    password: Option<&'a str>,
    ca: Option<&'a PrivateCa>,
    primary: Option<SocketAddr>,
    in_a_cluster: bool,
}

impl<'a> RedisSetup<'a> {
    /// Clients need this password. A URL contains it as it is.
    pub(crate) fn password(self, password: &'a str) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Clients need TLS; this authority signs the certificate.
    pub(crate) fn over_tls(self, ca: &'a PrivateCa) -> Self {
        Self { ca: Some(ca), ..self }
    }

    /// It is a node of a Redis Cluster.
    pub(crate) fn in_a_cluster(self) -> Self {
        Self { in_a_cluster: true, ..self }
    }

    /// It follows a primary that needs neither password nor TLS.
    pub(super) fn replica_of(self, primary: SocketAddr) -> Self {
        Self { primary: Some(primary), ..self }
    }

    /// Starts it, and waits until it answers.
    pub(crate) async fn start(self) -> Redis {
        let (directory, address) = (ServerDirectory::new(), own_address());
        let install = |ca| install_certificate(ca, address.ip(), directory.path());
        let (password, ca) = (self.password.map(str::to_owned), self.ca.map(install));
        let program = installed::program("redis-server").unwrap();
        let daemon =
            Daemon::new(&program, directory, LastSignal::Kill).args(self.arguments(address));
        Redis::start_with(daemon, Endpoint { address, password, ca }).await
    }

    fn arguments(self, address: SocketAddr) -> Vec<String> {
        let (host, port) = (address.ip(), address.port());
        let mut settings = vec![
            format!("--bind {host}"),
            // Other servers do not come from the addresses that the protected mode accepts.
            "--protected-mode no".to_owned(),
            // A killed server has all that it confirmed when it starts again.
            "--appendonly yes".to_owned(),
            // A primary waits five seconds for more replicas otherwise.
            "--repl-diskless-sync-delay 0".to_owned(),
            // A replica would be known by the address that its connections come from.
            format!("--replica-announce-ip {host}"),
        ];
        settings.extend(self.password.map(|password| format!("--requirepass {password}")));
        settings.extend(self.primary.map(|of| format!("--replicaof {} {}", of.ip(), of.port())));
        if self.in_a_cluster {
            settings.push("--cluster-enabled yes".to_owned());
        }
        settings.push(match self.ca {
            None => format!("--port {port}"),
            Some(_) => tls_on(port),
        });
        settings.iter().flat_map(|setting| setting.split(' ')).map(str::to_owned).collect()
    }
}

fn tls_on(port: u16) -> String {
    format!(
        "--port 0 --tls-port {port} --tls-auth-clients no \
         --tls-cert-file {CERTIFICATE} --tls-key-file {KEY} --tls-ca-cert-file {CA}"
    )
}
