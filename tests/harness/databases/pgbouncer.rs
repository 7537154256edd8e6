//! PgBouncer, a connection pooler.

use std::{fs, net::SocketAddr, path::Path};

use tokio::net::TcpStream;

use super::{
    daemon::{Daemon, LastSignal, ServerDirectory, own, require},
    loopback::own_address,
    postgres::{PASSWORD, Postgres, ROLE},
};
use crate::installed;

/// A pooler in transaction mode, with the settings that PgBouncer ships otherwise.
#[derive(Debug)]
pub(crate) struct PgBouncer {
    daemon: Daemon,
    address: SocketAddr,
}

impl PgBouncer {
    /// Fails with the reason why PgBouncer or PostgreSQL is missing.
    pub(crate) fn installed() -> Result<(), String> {
        Postgres::installed()?;
        require(&["pgbouncer"])
    }

    /// Starts one before a cluster, for all of its databases, without TLS.
    pub(crate) async fn before(cluster: &Postgres) -> Self {
        let (directory, address) = (ServerDirectory::new(), own_address());
        configure(directory.path(), address, cluster.address());
        let program = installed::program("pgbouncer").unwrap();
        let daemon = Daemon::new(&program, directory, LastSignal::Kill).args(["pgbouncer.ini"]);
        let mut pooler = Self { daemon, address };
        pooler.start().await;
        pooler
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it, and starts it again at the same address.
    pub(crate) async fn restart(&mut self) {
        self.daemon.kill();
        self.start().await;
    }

    async fn start(&mut self) {
        self.daemon.start(async |_| TcpStream::connect(self.address).await.is_ok()).await;
    }
}

fn configure(directory: &Path, address: SocketAddr, cluster: SocketAddr) {
    let settings = format!(
        "[databases]\n\
         * = host={} port={}\n\
         [pgbouncer]\n\
         listen_addr = {}\n\
         listen_port = {}\n\
         unix_socket_dir =\n\
         pool_mode = transaction\n\
         auth_type = scram-sha-256\n\
         auth_file = users.txt\n",
        cluster.ip(),
        cluster.port(),
        address.ip(),
        address.port(),
    );
    let users = format!("\"{ROLE}\" \"{PASSWORD}\"\n");
    for (name, content) in [("pgbouncer.ini", settings), ("users.txt", users)] {
        let file = directory.join(name);
        fs::write(&file, content).unwrap();
        own(&file);
    }
}
