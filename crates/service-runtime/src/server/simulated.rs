//! Serving the connections of a simulation.

use std::{fmt::Debug, future::pending, io, net::SocketAddr, sync::Arc};

use actix_http::{Protocol, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::{body::MessageBody, dev::AppConfig};
use tokio::task::spawn_local;

use super::{
    admission::Admission,
    guarded::GuardedStream,
    http::{HttpSettings, http_service},
    sockets::Acknowledged,
};
use crate::{
    clock::Clock,
    simulation::{Accepted, Connection},
};

/// More connections than a simulation has.
const CONNECTIONS: usize = 10_000;

impl Acknowledged for Connection {
    fn require_acknowledgements(&self, _: bool) {}
}

/// Answers with `app` on the connections that `accept` gives, until that fails.
///
/// # Errors
/// When `accept` fails.
pub async fn serve_simulated<I, S, B>(
    app: I,
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    accept: impl AsyncFn() -> io::Result<Accepted>,
) -> io::Result<()>
where
    I: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let settings = HttpSettings { address, allows_half_closed: true, stopping: pending::<()> };
    let service = http_service(app, settings).new_service(()).await;
    let service = service.map_err(|()| io::Error::other("the app cannot be made"))?;
    let admission = Admission::of_operators(CONNECTIONS);
    loop {
        let (connection, peer) = accept().await?;
        if let Some(admitted) = admission.admit(0, peer.ip()) {
            let stream = GuardedStream::new(connection, admitted, clock.clone());
            spawn_local(service.call((stream, Protocol::Http1, Some(peer))));
        }
    }
}
