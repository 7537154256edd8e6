//! Time and network of a simulation.

use std::{io, pin::pin};

use futures_util::future::{BoxFuture, LocalBoxFuture};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use reqwest::{Request, Response};
use service_runtime::simulation::{self, Connection, World};
use turmoil::net::TcpStream;

/// Has everything on this thread use the time and the network of the simulation that runs on it.
pub(crate) fn enter() {
    simulation::enter(World { elapsed: turmoil::sim_elapsed, connect, send });
}

fn connect(host: String, port: u16) -> BoxFuture<'static, io::Result<Connection>> {
    Box::pin(async move { Ok(Box::new(TcpStream::connect((host, port)).await?) as Connection) })
}

fn send(request: Request) -> LocalBoxFuture<'static, io::Result<Response>> {
    Box::pin(exchange(request))
}

/// Sends a request over a connection of its own, which is closed when the future is dropped.
pub(crate) async fn exchange(request: Request) -> io::Result<Response> {
    let (host, port) = (request.url().host_str(), request.url().port_or_known_default());
    let address = (host.unwrap_or_default().to_owned(), port.unwrap_or_default());
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
    let mut answer = pin!(async move {
        let answer = sender.send_request(to_hyper(&request)?).await.map_err(io::Error::other)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(hyper::Response::from_parts(head, body).into())
    });
    tokio::select! {
        biased;
        answered = &mut answer => return answered,
        _ = connection => {}
    }
    answer.await
}

fn to_hyper(request: &Request) -> io::Result<hyper::Request<Full<Bytes>>> {
    let url = request.url();
    let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    let mut converted = hyper::Request::builder()
        .method(request.method())
        .uri(url.path())
        .header(HOST, url.authority());
    for (name, value) in request.headers() {
        converted = converted.header(name, value);
    }
    converted.body(Full::new(Bytes::copy_from_slice(body))).map_err(io::Error::other)
}
