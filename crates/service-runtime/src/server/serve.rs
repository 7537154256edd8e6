//! A listener with its workers.

use std::{fmt::Debug, io, net::TcpListener, os::fd::AsRawFd, sync::Arc};

use actix_http::{Protocol, Request, Response, error::DispatchError};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service};
use actix_web::{body::MessageBody, dev::AppConfig};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;

use super::{
    admission::Admission,
    deadline::HEAD_TIME,
    descriptors::Descriptors,
    guarded::GuardedStream,
    http::{HttpSettings, OpenStream, http_service},
    refusal::refuse,
    sockets,
    transport::Transport,
};
use crate::{
    clock::Clock,
    metrics::Metrics,
    network::TrustedProxies,
    tls::{LivePair, TrustedClients},
};

/// How long requests may take to end after the signal to stop, in seconds. With everything else
/// that has to be done this stays below the ten seconds of the contract.
const DRAIN_SECONDS: u64 = 8;

/// A listener with the bounds of its connections.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    clock: Arc<dyn Clock>,
    admission: Arc<Admission>,
    tls: Option<Arc<LivePair>>,
    trusted_clients: Option<TrustedClients>,
    allows_half_closed: bool,
    workers: usize,
    connections_per_worker: usize,
    drain_seconds: u64,
}

/// The resources of a listener for clients.
#[derive(Debug)]
pub struct PublicLimits {
    /// Nine tenths are for clients, a quarter of those for one client network.
    pub descriptors: Descriptors,
    /// Threads that answer requests.
    pub workers: usize,
    /// Proxies that may hold more connections than a client network.
    pub trusted_proxies: TrustedProxies,
}

impl HttpServer {
    /// A listener for clients.
    #[must_use]
    pub fn public(
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        limits: PublicLimits,
        metrics: &Metrics,
    ) -> Self {
        let PublicLimits { descriptors, workers, trusted_proxies } = limits;
        Self {
            listener,
            clock,
            admission: Admission::of_clients(descriptors, trusted_proxies, metrics),
            tls: None,
            trusted_clients: None,
            allows_half_closed: true,
            workers,
            connections_per_worker: descriptors.per_worker(workers),
            drain_seconds: DRAIN_SECONDS,
        }
    }

    /// The operations listener: one worker, and few connections. It may use
    /// the descriptors that clients may not.
    #[must_use]
    pub fn operations(
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        descriptors: Descriptors,
    ) -> Self {
        let connections = descriptors.for_operations();
        Self {
            listener,
            clock,
            admission: Admission::of_operators(connections),
            tls: None,
            trusted_clients: None,
            allows_half_closed: true,
            workers: 1,
            connections_per_worker: 2 * connections,
            drain_seconds: 0,
        }
    }

    /// Speaks TLS if there is a pair to show, and asks clients for a certificate if some are trusted
    /// for one.
    #[must_use]
    pub fn over_tls(
        self,
        pair: Option<Arc<LivePair>>,
        trusted_clients: Option<TrustedClients>,
    ) -> Self {
        Self { tls: pair, trusted_clients, ..self }
    }

    /// Drops the answer when the client closes its side of the connection: so a reader who leaves
    /// a quiet log is noticed at once, not with the next line.
    #[must_use]
    pub fn closing_when_half_closed(self) -> Self {
        Self { allows_half_closed: false, ..self }
    }

    /// A server that answers with `app`, which is made once for each worker. It runs when awaited.
    ///
    /// # Errors
    /// When the listener cannot be served, or TLS not set up.
    pub fn serve<F, I, S, B>(self, app: F) -> io::Result<Server>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: Debug,
        S::Response: Into<Response<B>> + 'static,
        S::Service: 'static,
        <S::Service as actix_service::Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let address = self.listener.local_addr()?;
        let trusted = self.trusted_clients.as_ref();
        let setup = ConnectionSetup {
            tls: self.tls.map(|pair| pair.server_config(trusted)).transpose()?.map(acceptor),
            trusted_clients: self.trusted_clients,
            admission: self.admission,
            clock: self.clock,
        };
        let builder = ServerBuilder::default()
            .workers(self.workers)
            .max_concurrent_connections(self.connections_per_worker)
            .shutdown_timeout(self.drain_seconds)
            .disable_signals();
        let stopping = builder.graceful_shutdown_signal();
        let service = move || {
            let (setup, stopping) = (setup.clone(), stopping.clone());
            let settings = HttpSettings {
                address,
                allows_half_closed: self.allows_half_closed,
                stopping: async move || stopping.notified().await,
            };
            let http = http_service(app(), settings);
            fn_service(move |stream| setup.clone().open(stream)).and_then(http)
        };
        Ok(builder.listen("http", self.listener, service)?.run())
    }
}

fn acceptor(config: rustls::ServerConfig) -> TlsAcceptor {
    TlsAcceptor::from(Arc::new(config))
}

/// Turns an accepted socket into a guarded stream: admission, socket options, TLS.
#[derive(Clone)]
struct ConnectionSetup {
    tls: Option<TlsAcceptor>,
    trusted_clients: Option<TrustedClients>,
    admission: Arc<Admission>,
    clock: Arc<dyn Clock>,
}

impl ConnectionSetup {
    async fn open(self, stream: TcpStream) -> Result<OpenStream<Transport>, DispatchError> {
        let peer = stream.peer_addr()?;
        let Some(admitted) = self.admission.admit(stream.as_raw_fd(), peer.ip()) else {
            self.refuse(stream).await;
            return Err(DispatchError::Io(io::ErrorKind::QuotaExceeded.into()));
        };
        let transport = self.transport(stream).await?;
        let is_trusted = self.trusts(&transport);
        let stream = GuardedStream::new(transport, admitted, self.clock);
        if is_trusted {
            stream.state().trust_certificate();
        }
        Ok((stream, Protocol::Http1, Some(peer)))
    }

    async fn transport(&self, stream: TcpStream) -> io::Result<Transport> {
        sockets::set_options(&stream)?;
        let Some(acceptor) = &self.tls else {
            return Ok(Transport::Plain(stream));
        };
        let stream = timeout(HEAD_TIME, acceptor.accept(stream)).await??;
        Ok(Transport::Tls(Box::new(stream)))
    }

    /// Whether the client showed a certificate of a trusted client.
    fn trusts(&self, transport: &Transport) -> bool {
        let chain = transport.client_certificates();
        self.trusted_clients.as_ref().is_some_and(|trusted| trusted.include(chain))
    }

    /// Sends the reason to a client without TLS.
    async fn refuse(&self, stream: TcpStream) {
        if self.tls.is_none()
            && let Some(_told) = self.admission.refusal()
        {
            refuse(stream, self.clock.now()).await;
        }
    }
}
