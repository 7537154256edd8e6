//! Many nodes behind a front, each a gateway of its own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use local_services::{certificates::Certificates, endpoint::Endpoint, services::Services};
use rustix::process::{Pid, Signal, kill_process};

use super::{process::Process, services::Stage};
use crate::clients::http::{self, Connection, Head};

/// How long the front may take until it has heard of all pods.
const SYNC_LIMIT: Duration = Duration::from_secs(60);
const BUFFER_BYTES: usize = 64 * 1024;

/// Many nodes behind a front.
pub(crate) struct Cluster {
    certificates: Certificates,
    nodes: Vec<BenchNode>,
    pub(crate) front: SocketAddr,
    /// Where the sso-service listens that the front asks.
    pub(crate) authority: SocketAddr,
    pub(crate) front_process: Process,
    /// From the start of the front until it knew all pods, in seconds.
    pub(crate) seconds_to_sync: f64,
    /// The token of a user with all permissions.
    pub(crate) token: String,
}

/// A node, which may be restarted.
struct BenchNode {
    name: String,
    logs: PathBuf,
    address: SocketAddr,
    /// The name of the process that serves it.
    service: String,
}

impl Cluster {
    /// Starts as many nodes, whose logs `fill` writes, and then the front.
    pub(crate) async fn start(
        stage: &Stage<'_>,
        services: &mut Services,
        nodes: usize,
        fill: impl Fn(usize, &Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let certificates = stage.certificates()?;
        let sso = services.start("sso-service", stage.sso_service(&stage.path(""))).await?;
        let authority = Endpoint { address: sso.listening, certificates: None };
        let mut started = Vec::with_capacity(nodes);
        for number in 0..nodes {
            let name = format!("node-{number}");
            let logs = stage.path(&name);
            fs::create_dir_all(&logs).with_context(|| format!("cannot create {logs:?}"))?;
            fill(number, &logs)?;
            let command = stage.node_gateway(&name, &logs, "127.0.0.1:0", &certificates);
            let address = services.start(name.clone(), command).await?.listening;
            started.push(BenchNode { service: name.clone(), name, logs, address });
        }
        let addresses: Vec<_> = started.iter().map(|node| node.address).collect();
        let begin = Instant::now();
        let front = services.start("front", stage.front(&authority, &addresses, &certificates));
        let front = front.await?;
        until_ready(front.ops).await?;
        let seconds_to_sync = begin.elapsed().as_secs_f64();
        let id = services.id("front").context("the front has ended")?;
        Ok(Self {
            certificates,
            nodes: started,
            front: front.listening,
            authority: sso.listening,
            front_process: Process(id),
            seconds_to_sync,
            token: stage.user.log_in(&authority).await?.token,
        })
    }

    /// The directory of the logs of a node.
    pub(crate) fn logs(&self, node: usize) -> &Path {
        &self.nodes[node].logs
    }

    /// Sends a signal to the process of a node.
    pub(crate) fn signal(
        &self,
        node: usize,
        signal: Signal,
        services: &Services,
    ) -> anyhow::Result<()> {
        let id = services.id(&self.nodes[node].service).context("the node has ended")?;
        let id = Pid::from_raw(id.cast_signed()).context("no process")?;
        Ok(kill_process(id, signal)?)
    }

    /// Starts a node again that was killed, at the address that it had.
    pub(crate) async fn restart(
        &mut self,
        node: usize,
        stage: &Stage<'_>,
        services: &mut Services,
    ) -> anyhow::Result<()> {
        let node = &mut self.nodes[node];
        let address = node.address.to_string();
        let command = stage.node_gateway(&node.name, &node.logs, &address, &self.certificates);
        node.service.push_str("-again");
        services.start(node.service.clone(), command).await?;
        Ok(())
    }

    /// A connection to the front.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.front, BUFFER_BYTES).await
    }

    /// The whole body of a successful answer of the front.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> anyhow::Result<Vec<u8>> {
        let request = http::request("GET", path, &self.token, &[("Accept", accept)]);
        let mut connection = self.connect().await?;
        let body = connection.ask_for_body(&request).await?;
        let mut content = Vec::new();
        connection.read_to_end(body, |part| content.extend_from_slice(part)).await?;
        Ok(content)
    }
}

async fn until_ready(ops: SocketAddr) -> anyhow::Result<()> {
    let request = http::request("GET", "/readyz", "", &[]);
    let begin = Instant::now();
    loop {
        let mut connection = Connection::open(ops, BUFFER_BYTES).await?;
        let Head { status, .. } = connection.ask(&request).await?;
        if status == 200 {
            return Ok(());
        }
        ensure!(begin.elapsed() < SYNC_LIMIT, "the front is not ready after a minute");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
