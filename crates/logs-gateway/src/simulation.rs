//! A gateway in a simulation.

use std::{io, net::SocketAddr};

use service_runtime::{
    audit::open_record,
    network::TrustedProxies,
    service::{Failure, ProcessState},
    simulation::{Accepted, serve},
};
use url::Url;

use crate::{
    app::{SharedState, StartError},
    audit::ReadAudit,
    config::Config,
    http::{self, PublicAddresses},
    sources::Sources,
};

/// Runs a gateway with these variables in its environment, on the connections that `accept` gives,
/// until that fails. A task set has to be around it.
///
/// # Errors
/// When the configuration is wrong, or the gateway cannot start.
pub async fn run(
    variables: impl IntoIterator<Item = (String, String)>,
    address: SocketAddr,
    accept: impl AsyncFn() -> io::Result<Accepted>,
) -> Result<(), Failure> {
    let (config, process) = (Config::read(variables)?, ProcessState::new());
    let sources = Sources::open(config.source, config.reading, None, &process);
    let sources = sources.map_err(StartError::from)?;
    let record = open_record(config.audit_file).map_err(StartError::from)?;
    let started = ReadAudit::start(record, process.clock.clone(), &process.metrics);
    let (audit, _thread) = started.map_err(StartError::from)?;
    let gateway = Url::parse(&format!("http://{address}")).map_err(Failure::other)?;
    let public = PublicAddresses { gateway, sso: config.public_sso_url, tls: None };
    let (authority, streams) = (config.authority, config.reading.max_streams_per_user);
    let shared = SharedState::new(sources, audit, authority, streams, public, &process);
    let shared = shared.map_err(StartError::from)?;
    let edge = process.edge(TrustedProxies::default()).of_worker();
    let app = http::app(shared.state_of_worker(), edge);
    serve(app, address, process.clock.clone(), accept).await.map_err(Failure::other)
}
