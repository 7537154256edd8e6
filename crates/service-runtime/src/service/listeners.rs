//! The two listeners of a service: bound, then served.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::dev::Server;

use super::{
    lifecycle::{self, ReadyLine},
    process::ProcessState,
    settings::{ListenAddress, RuntimeSettings},
};
use crate::{
    http::Edge,
    ops,
    server::{HttpServer, PublicLimits},
    tls::LivePair,
};

/// The name and version of a binary.
#[derive(Debug, Clone, Copy)]
pub struct ServiceIdentity {
    /// `CARGO_PKG_NAME`.
    pub name: &'static str,
    /// `CARGO_PKG_VERSION`.
    pub version: &'static str,
}

/// Both listeners of a service, bound and not served yet.
#[derive(Debug)]
pub struct Listeners {
    public: HttpServer,
    ops: HttpServer,
    line: ReadyLine,
    tls: Option<Arc<LivePair>>,
    edge: Edge,
    process: ProcessState,
}

impl Listeners {
    /// Binds both addresses.
    ///
    /// # Errors
    /// When an address is taken, or does not belong to this machine.
    pub fn bind(
        identity: ServiceIdentity,
        settings: RuntimeSettings,
        process: ProcessState,
    ) -> Result<Self, BindError> {
        let (public, listening) = bind(settings.listen)?;
        let (ops, ops_listening) = bind(settings.ops_listen)?;
        let ProcessState { clock, metrics, descriptors, .. } = &process;
        let tls = settings.tls.map(|(files, pair)| LivePair::start(files, pair, metrics));
        let proxies = settings.trusted_proxies;
        let limits = PublicLimits {
            descriptors: *descriptors,
            workers: settings.workers,
            trusted_proxies: proxies.clone(),
        };
        Ok(Self {
            public: HttpServer::public(public, clock.clone(), limits, metrics)
                .over_tls(tls.clone(), settings.trusted_clients),
            ops: HttpServer::operations(ops, clock.clone(), *descriptors),
            line: ReadyLine {
                service: identity.name,
                listening,
                ops: ops_listening,
                version: identity.version,
            },
            tls,
            edge: process.edge(proxies),
            process,
        })
    }

    /// The public address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.line.listening
    }

    /// `https` or `http`: how the public address is reached.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The certificate of the public address. `None`: plain HTTP.
    #[must_use]
    pub fn certificate(&self) -> Option<Arc<LivePair>> {
        self.tls.clone()
    }

    /// The edge that every request to the public address passes.
    #[must_use]
    pub fn edge(&self) -> Edge {
        self.edge.clone()
    }

    /// The parts that exist once in the process.
    #[must_use]
    pub fn process(&self) -> &ProcessState {
        &self.process
    }

    /// Serves both listeners until `stop` ends, then stops in order. `serve` puts the service's app
    /// on the public listener.
    ///
    /// # Errors
    /// When a listener fails, or standard output cannot be written to.
    pub async fn run(
        self,
        serve: impl FnOnce(HttpServer) -> io::Result<Server>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let ProcessState { metrics, readiness, requests, .. } = self.process;
        let public = serve(self.public)?;
        let ops = ops::server(self.ops, metrics, readiness.clone())?;
        lifecycle::run(&self.line, public, ops, &readiness, &requests, stop).await
    }
}

/// A listener, and its address with the port that the system chose.
fn bind(listen: ListenAddress) -> Result<(TcpListener, SocketAddr), BindError> {
    let ListenAddress { variable, address } = listen;
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| BindError { variable, address, source })
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: cannot listen on {address}: {source}")]
pub struct BindError {
    variable: String,
    address: SocketAddr,
    source: io::Error,
}
