//! An instance in a simulation, and the database server that instances share.

use std::{io, net::SocketAddr};

use service_runtime::{
    network::TrustedProxies,
    service::{Failure, ProcessState},
    simulation::{Accepted, serve},
};

pub use crate::store::SimulatedDatabase;
use crate::{
    app::{StartError, open_store, settings},
    config::Config,
    http,
    services::Services,
    site::Origin,
};

/// Runs an instance with these variables in its environment, on the connections that `accept`
/// gives, until it must end or `stop` does. A task set has to be around it.
///
/// # Errors
/// When the configuration is wrong, or the instance cannot start.
pub async fn run(
    variables: impl IntoIterator<Item = (String, String)>,
    address: SocketAddr,
    accept: impl AsyncFn() -> io::Result<Accepted>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let (mut config, process) = (Config::read(variables)?, ProcessState::new());
    let (clock, metrics) = (process.clock.clone(), process.metrics.clone());
    let store = open_store(&mut config, &process).await?;
    let site = config.site.clone().at(Origin::of_listener("http", address));
    let (record, settings) = (Box::new(io::sink()), settings(&config));
    let first_admin = config.first_admin.take();
    let services =
        Services::assemble(store, clock.clone(), record, settings, &site, first_admin, &metrics);
    let services = services.await.map_err(StartError::from)?;
    let state = http::AppState::new(&services, site, config.kubernetes_prefix);
    let (store, running) = (services.store.clone(), services.start(format!("http://{address}")));
    let app = http::app(state, process.edge(TrustedProxies::default()));
    tokio::select! {
        biased;
        () = stop => {}
        () = store.failed() => {}
        _ = serve(app, address, clock, accept) => {}
    }
    running.finish().await;
    Ok(())
}
