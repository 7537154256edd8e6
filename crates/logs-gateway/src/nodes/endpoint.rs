//! Connections to the gateway at one address of a node.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, ThreadId},
    time::Duration,
};

use reqwest::{Client, Method, Response, header::HeaderMap, redirect};
use rustls::ClientConfig;

use super::discovery::NodeAddress;

/// Idle connections are closed before a node closes them (it waits 75 s).
const POOL_IDLE: Duration = Duration::from_secs(30);
/// How many idle connections a thread keeps to a node.
const MAX_IDLE_CONNECTIONS: usize = 16;

/// A node gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    /// The node is not known, or was lost before.
    #[error("the node is unreachable")]
    Unreachable,
    /// No connection could be made.
    #[error("cannot connect to the node: {}", root_cause(.0))]
    Connect(reqwest::Error),
    /// The connection broke before the answer began.
    #[error("the node did not answer: {}", root_cause(.0))]
    Broken(reqwest::Error),
    /// The request cannot be written.
    #[error("the request cannot be sent to a node: {0}")]
    Unsendable(&'static str),
}

/// What the system or TLS says of a failure; what is around it names only the request.
pub(super) fn root_cause(error: &reqwest::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// How connections to nodes are made.
pub(super) struct NodeConnector {
    tls: ClientConfig,
    /// For TCP and TLS together.
    timeout: Duration,
}

impl fmt::Debug for NodeConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConnector").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl NodeConnector {
    pub(super) fn new(tls: ClientConfig, timeout: Duration) -> Self {
        Self { tls, timeout }
    }

    /// How long a connection may take to be made.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// # Errors
    /// When no client can be made at all.
    fn client(&self, to: &NodeAddress, max_idle: usize) -> reqwest::Result<Client> {
        Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(self.timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(max_idle)
            .resolve(to.target.host(), to.address)
            .build()
    }
}

/// The gateway at one address of a node.
#[derive(Debug)]
pub(super) struct NodeEndpoint {
    to: NodeAddress,
    connector: Arc<NodeConnector>,
    /// A connection is driven by the runtime of the thread that made it, so each thread has its own.
    clients: Mutex<HashMap<ThreadId, EndpointClients>>,
}

/// The clients of one thread.
#[derive(Debug, Clone)]
struct EndpointClients {
    reusing: Client,
    /// Connects anew for each request.
    fresh: Client,
}

impl NodeEndpoint {
    pub(super) fn new(to: NodeAddress, connector: Arc<NodeConnector>) -> Self {
        Self { to, connector, clients: Mutex::default() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.to.address
    }

    pub(super) fn connector(&self) -> &NodeConnector {
        &self.connector
    }

    /// Asks for a path with its query, both encoded.
    ///
    /// # Errors
    /// When there is no answer. What the node answers is no error, whatever the status.
    pub(super) async fn get(
        &self,
        path_and_query: &str,
        headers: &HeaderMap,
    ) -> Result<Response, NodeError> {
        self.ask(Method::GET, path_and_query, headers).await
    }

    /// Asks by a method that changes nothing. A connection that breaks before the answer
    /// begins is replaced once.
    ///
    /// # Errors
    /// When there is no answer. What the node answers is no error, whatever the status.
    pub(super) async fn ask(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &HeaderMap,
    ) -> Result<Response, NodeError> {
        let clients = self.clients().map_err(NodeError::Connect)?;
        let url = format!("{}{path_and_query}", self.to.target.origin());
        let ask =
            |client: &Client| client.request(method.clone(), &url).headers(headers.clone()).send();
        match ask(&clients.reusing).await {
            Ok(response) => Ok(response),
            Err(error) if error.is_connect() => Err(NodeError::Connect(error.without_url())),
            Err(error) if error.is_builder() => Err(NodeError::Unsendable("the URL is not valid")),
            Err(first) => {
                tracing::debug!(error = %root_cause(&first), "asking a node again on a new connection");
                let again = ask(&clients.fresh).await;
                again.map_err(|error| NodeError::Broken(error.without_url()))
            }
        }
    }

    fn clients(&self) -> reqwest::Result<EndpointClients> {
        // Each change is whole.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = thread::current().id();
        if let Some(clients) = clients.get(&thread) {
            return Ok(clients.clone());
        }
        let of_thread = EndpointClients {
            reusing: self.connector.client(&self.to, MAX_IDLE_CONNECTIONS)?,
            fresh: self.connector.client(&self.to, 0)?,
        };
        clients.insert(thread, of_thread.clone());
        Ok(of_thread)
    }
}
