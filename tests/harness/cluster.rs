//! A front with the gateways of several nodes, each on a loopback address of its own.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use reqwest::Client;
use tempfile::TempDir;

use super::{
    binaries::binaries,
    command::clean,
    logs::LogDir,
    pair::{Pair, Setup, scratch},
    secrets::Secrets,
    service::Service,
    tls::PrivateCa,
};

/// The name of the file with a node's records of reading.
const AUDIT: &str = "audit";

/// The gateway of a node.
#[derive(Debug)]
pub(crate) struct NodeGateway {
    pub(crate) service: Service,
    pub(crate) logs: LogDir,
    variables: Vec<(String, String)>,
    directory: TempDir,
}

/// The authorities of a cluster: one signs for nodes, the other for fronts.
#[derive(Debug)]
pub(crate) struct ClusterAuthorities {
    nodes: PrivateCa,
    fronts: PrivateCa,
}

/// A front, with the sso-service that it asks, and its nodes `node-2`, `node-3` and so on, after the
/// last number of their addresses.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) front: Pair,
    pub(crate) nodes: Vec<NodeGateway>,
    /// Their files are read while the cluster runs.
    _authorities: ClusterAuthorities,
}

impl Cluster {
    /// With so many nodes.
    pub(crate) fn start(nodes: u8) -> Self {
        let (authorities, nodes) = Self::nodes(nodes);
        let addresses: Vec<_> = nodes.iter().map(NodeGateway::target).collect();
        let front = authorities.front(Setup::new(), &addresses).start();
        Self::of(front, nodes, authorities)
    }

    /// A front that was started with these nodes.
    pub(crate) fn of(
        front: Pair,
        nodes: Vec<NodeGateway>,
        authorities: ClusterAuthorities,
    ) -> Self {
        Self { front, nodes, _authorities: authorities }
    }

    /// Nodes without a front.
    pub(crate) fn nodes(count: u8) -> (ClusterAuthorities, Vec<NodeGateway>) {
        let authorities = ClusterAuthorities { nodes: PrivateCa::new(), fronts: PrivateCa::new() };
        let nodes = (2..2 + count).map(|last| authorities.node(last)).collect();
        (authorities, nodes)
    }
}

impl ClusterAuthorities {
    /// A client that nodes take for a front.
    pub(crate) fn client(&self) -> Client {
        let shown = self.fronts.files("client");
        self.fronts.issue_to_client("logs-gateway-front", &shown);
        self.nodes.client_showing(&shown)
    }

    /// The configuration of a front with these nodes.
    pub(crate) fn front(&self, setup: Setup, nodes: &[String]) -> Setup {
        let shown = self.fronts.files("front");
        self.fronts.issue_to_client("logs-gateway-front", &shown);
        let (certificate, key) = shown.paths();
        setup
            .gateway("GATEWAY_SOURCE", "nodes")
            .gateway("GATEWAY_NODES", &nodes.join(","))
            .gateway("GATEWAY_NODES_CERT", certificate)
            .gateway("GATEWAY_NODES_KEY", key)
            .gateway("GATEWAY_NODES_CA", &self.nodes.file())
    }

    fn node(&self, last: u8) -> NodeGateway {
        let host = IpAddr::from(Ipv4Addr::new(127, 0, 0, last));
        let name = format!("node-{last}");
        let served = self.nodes.files(&name);
        self.nodes.issue_for(host, &served);
        let (certificate, key) = served.paths();
        let directory = scratch();
        let logs = LogDir::create(directory.path().join("pods"));
        let audit = directory.path().join(AUDIT);
        let variables = [
            ("GATEWAY_LISTEN", &*format!("{host}:0")),
            ("GATEWAY_OPS_LISTEN", "127.0.0.1:0"),
            ("GATEWAY_LOG_LEVEL", "trace"),
            ("GATEWAY_NODE_NAME", &name),
            ("GATEWAY_TLS_CERT", certificate),
            ("GATEWAY_TLS_KEY", key),
            ("GATEWAY_FRONT_CA", &self.fronts.file()),
            ("GATEWAY_LOGS_DIR", logs.path().to_str().unwrap()),
            ("GATEWAY_AUDIT_FILE", audit.to_str().unwrap()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let service = start(&variables, &directory);
        NodeGateway { service, logs, variables: variables.into(), directory }
    }
}

fn start(variables: &[(String, String)], directory: &TempDir) -> Service {
    let command = clean(&binaries().logs_gateway, directory.path(), variables);
    Service::start(command, &Secrets::default())
}

impl NodeGateway {
    /// How a front names it.
    pub(crate) fn target(&self) -> String {
        format!("https://{}", self.service.listening())
    }

    /// The file of its records of reading.
    pub(crate) fn audit(&self) -> PathBuf {
        self.directory.path().join(AUDIT)
    }

    /// Starts it again where it listened before, after it ended.
    pub(crate) fn start_again(&mut self) {
        self.start_again_at(self.service.listening());
    }

    /// Starts it again at an address of the same host, after it ended.
    pub(crate) fn start_again_at(&mut self, address: SocketAddr) {
        let listen = self.variables.iter_mut().find(|(name, _)| name == "GATEWAY_LISTEN");
        listen.unwrap().1 = address.to_string();
        self.service = start(&self.variables, &self.directory);
    }
}

/// An address of this host with a port that nothing listens on.
pub(crate) fn free_address(host: IpAddr) -> SocketAddr {
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap()
}
