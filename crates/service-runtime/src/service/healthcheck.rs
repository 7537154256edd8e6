//! `healthcheck`: asks the operations listener of the running service, for container engines
//! whose images hold no curl.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use crate::tls::Trust;

/// Why the service is not healthy, as far as can be seen from outside.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// The port is chosen at start, so another process cannot know it.
    #[error("the port of the operations listener is 0; set a fixed port to use healthcheck")]
    UnknownPort,
    /// The client cannot be built.
    #[error("cannot send the request: {0}")]
    NoClient(#[from] rustls::Error),
    /// The service did not answer.
    #[error("no answer from {0}: {1}")]
    NoAnswer(SocketAddr, reqwest::Error),
    /// It answered that it wants no requests.
    #[error("{0} is not ready: {1}")]
    NotReady(SocketAddr, reqwest::StatusCode),
}

/// Asks `/readyz` of the operations listener configured as `ops`.
///
/// # Errors
/// When it does not answer 200 within two seconds.
pub(super) async fn check(ops: SocketAddr) -> Result<(), Unhealthy> {
    if ops.port() == 0 {
        return Err(Unhealthy::UnknownPort);
    }
    let address = SocketAddr::new(reachable(ops.ip()), ops.port());
    let no_answer = |error| Unhealthy::NoAnswer(address, error);
    let client = reqwest::Client::builder()
        .no_proxy()
        // Plain HTTP; left to itself, the client would read the system's authorities.
        .tls_backend_preconfigured(Trust::none().client_config()?)
        .timeout(Duration::from_secs(2))
        .build()
        .map_err(no_answer)?;
    let answer = client.get(format!("http://{address}/readyz")).send().await.map_err(no_answer)?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(Unhealthy::NotReady(address, answer.status()))
    }
}

/// A listener on every address is asked on loopback.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
