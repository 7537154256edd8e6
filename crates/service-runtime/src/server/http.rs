//! HTTP/1.1 over guarded streams.

use std::{fmt::Debug, net::SocketAddr, rc::Rc, time::Duration};

use actix_http::{HttpService, Protocol, Request, Response, error::DispatchError};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::{body::MessageBody, dev::AppConfig};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    connection::ConnectionState, deadline::HEAD_TIME, guarded::GuardedStream, sockets::Acknowledged,
};

/// How long an idle connection is kept: longer than reverse proxies keep theirs, so that the proxy
/// closes first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may go on sending after its request was answered early.
const LINGER: Duration = Duration::from_secs(1);

/// A stream with the protocol that it speaks, and its client.
pub(super) type OpenStream<T> = (GuardedStream<T>, Protocol, Option<SocketAddr>);

/// How the connections of a listener are served.
#[derive(Debug, Clone)]
pub(super) struct HttpSettings<F> {
    /// The listener's address.
    pub(super) address: SocketAddr,
    /// Whether a client is answered that has closed its side.
    pub(super) allows_half_closed: bool,
    /// Makes a future that ends when no more requests are to be taken.
    pub(super) stopping: F,
}

/// Answers the requests on each stream with this app.
pub(super) fn http_service<T, F, I, S, B>(
    app: I,
    settings: HttpSettings<F>,
) -> impl ServiceFactory<OpenStream<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: AsyncRead + AsyncWrite + Acknowledged + Unpin + 'static,
    F: AsyncFn() + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let HttpSettings { address, allows_half_closed, stopping } = settings;
    let app = app.into_factory().map_err(|error| error.into().error_response());
    HttpService::build()
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIME)
        .client_disconnect_timeout(LINGER)
        .h1_allow_half_closed(allows_half_closed)
        .local_addr(address)
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping().await }
        })
        .on_connect_ext(|stream: &GuardedStream<T>, extensions| {
            extensions.insert::<Rc<ConnectionState>>(stream.state());
        })
        .finish(map_config(app, |()| AppConfig::default()))
}
