//! How clients reach a server.

use std::net::SocketAddr;

use super::super::daemon::Tool;
use crate::installed;

/// The address of a Redis server or a Sentinel, and what clients need besides.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    pub(super) password: Option<String>,
    /// The authority that signed the certificate of the server, if it has one.
    pub(super) ca: Option<String>,
}

impl Endpoint {
    /// Without password and TLS.
    pub(super) fn open(address: SocketAddr) -> Self {
        Self { address, password: None, ca: None }
    }

    /// `redis://…` or `rediss://…`, with the password.
    pub(super) fn url(&self) -> String {
        let scheme = if self.ca.is_some() { "rediss" } else { "redis" };
        let password = self.password.iter().map(|password| format!(":{password}@"));
        format!("{scheme}://{}{}", password.collect::<String>(), self.address)
    }

    /// Executes a command. Gives the answer: a line for each value.
    pub(super) async fn command(&self, words: &[&str]) -> Result<String, String> {
        self.redis_cli().args(words).run().await
    }

    /// Whether the server answers, and has loaded its data.
    pub(super) async fn answers(&self) -> bool {
        self.command(&["PING"]).await.is_ok_and(|answer| answer == "PONG")
    }

    /// Fails when the server answers with an error.
    fn redis_cli(&self) -> Tool {
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let tool = Tool::new(&installed::program("redis-cli").unwrap());
        let tool = tool.args(["-e", "-h", &host, "-p", &port]);
        let tool = match &self.password {
            Some(password) => tool.env("REDISCLI_AUTH", password),
            None => tool,
        };
        match &self.ca {
            Some(ca) => tool.args(["--tls", "--cacert", ca]),
            None => tool,
        }
    }
}
