//! Bind first, serve later, stop in order.
//!
//! A service binds its listeners before it does anything else, so that port 0 works and a taken
//! port is found at once. It says one line on standard output when it is ready. At the signal to
//! stop it first reads as not ready, then lets requests end, and is gone within ten seconds.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    pin::pin,
};

use actix_web::dev::Server;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::ops::Readiness;

/// How long requests may take to end after the signal to stop, in seconds. With what else has to
/// be done this stays below the ten seconds that are promised.
pub const DRAIN_SECONDS: u64 = 8;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: cannot listen on {address}: {source}")]
pub struct BindError {
    variable: &'static str,
    address: SocketAddr,
    source: io::Error,
}

/// Binds a listener. `variable` is where the address was configured.
///
/// # Errors
/// When the address is taken, or not ours.
pub fn bind(variable: &'static str, address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).map_err(|source| BindError { variable, address, source })
}

/// The one line on standard output.
#[derive(Debug, Serialize)]
pub struct ReadyLine {
    /// The binary's name.
    pub service: &'static str,
    /// Where it serves.
    pub listening: SocketAddr,
    /// Where its operations listener is.
    pub ops: SocketAddr,
    /// The binary's version.
    pub version: &'static str,
}

/// Ends at SIGTERM or SIGINT.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Runs both servers until `stop` ends, then stops the public one gracefully and the operations
/// listener last, so that probes see the service going.
///
/// # Errors
/// When a server fails, or standard output cannot be written to.
pub async fn run(
    line: &ReadyLine,
    public: Server,
    ops: Server,
    readiness: &Readiness,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (public_handle, ops_handle) = (public.handle(), ops.handle());
    let mut public = pin!(public);
    let ops = actix_web::rt::spawn(ops);
    readiness.set(true);
    announce(line)?;
    tracing::info!(listening = %line.listening, ops = %line.ops, version = line.version, "ready");

    tokio::select! {
        ended = &mut public => return ended,
        () = stop => {}
    }
    tracing::info!("stopping");
    readiness.set(false);
    let (_, ended) = tokio::join!(public_handle.stop(true), public);
    ops_handle.stop(false).await;
    let _ = ops.await;
    tracing::info!("stopped");
    ended
}

fn announce(line: &ReadyLine) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, line)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
