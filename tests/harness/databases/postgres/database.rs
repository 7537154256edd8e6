//! A database in a cluster.

use std::net::SocketAddr;

use super::{super::daemon::Tool, programs::program};
use crate::harness::PrivateCa;

/// The owner of every database of the tests.
pub(crate) const ROLE: &str = "sso";
/// Of the owner, who needs it over TCP. A URL contains it as it is.
pub(crate) const PASSWORD: &str = "staple-battery-horse";

/// A database that belongs to [`ROLE`], at an address that leads to it.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    name: String,
    address: SocketAddr,
    /// The authority that signed the certificate of the server, if it has one.
    ca: Option<String>,
}

impl Database {
    pub(super) fn new(name: String, address: SocketAddr, ca: Option<String>) -> Self {
        Self { name, address, ca }
    }

    /// The same database by way of a pooler, a proxy or a standby.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// The same database for a client that trusts another authority.
    pub(crate) fn trusting(&self, ca: &PrivateCa) -> Self {
        Self { ca: Some(ca.file()), ..self.clone() }
    }

    /// `postgres://…`, with the password.
    pub(crate) fn url(&self) -> String {
        let Self { name, address, ca } = self;
        let url = format!("postgres://{ROLE}:{PASSWORD}@{address}/{name}");
        match ca {
            Some(ca) => format!("{url}?sslmode=verify-full&sslrootcert={ca}"),
            None => url,
        }
    }

    /// Executes a statement as its owner, in a connection of its own. Gives the rows: a line each,
    /// with `|` between the values.
    pub(crate) async fn sql(&self, statement: &str) -> Result<String, String> {
        psql(&self.url(), statement).await
    }
}

/// Executes a statement at a URL or another connection string of libpq.
pub(super) async fn psql(connection: &str, statement: &str) -> Result<String, String> {
    Tool::new(&program("psql"))
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--dbname", connection, "--command", statement])
        .run()
        .await
}
