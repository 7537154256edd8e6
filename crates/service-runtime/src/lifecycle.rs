//! Bind first, serve later, stop in order.
//!
//! A service binds its listeners before it does anything else, so that port 0 works and a taken
//! port is found at once. It says one line on standard output when it is ready. At the signal to
//! stop it first reads as not ready, then lets requests end, and is gone within ten seconds.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    pin::pin,
    time::Duration,
};

use actix_web::dev::Server;
use serde::Serialize;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use crate::{metrics::HttpMetrics, ops::Readiness};

/// How long requests may take to end after the signal to stop, in seconds. With what else has to
/// be done this stays below the ten seconds that are promised.
pub const DRAIN_SECONDS: u64 = 8;
/// How often is looked whether the last answer is given, at the end.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the last bytes of an answer may take on their way out of the process.
const LINGER: Duration = Duration::from_millis(250);

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
    requests: &HttpMetrics,
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
    let ended = tokio::select! {
        (_, ended) = async { tokio::join!(public_handle.stop(true), public) } => ended,
        () = last_answer(requests) => Ok(()),
    };
    ops_handle.stop(false).await;
    let _ = ops.await;
    tracing::info!("stopped");
    ended
}

/// Ends when no answer is left to give. The server itself looks only once a second.
async fn last_answer(requests: &HttpMetrics) {
    while !requests.is_idle() {
        sleep(LOOK_EVERY).await;
    }
    sleep(LINGER).await;
}

fn announce(line: &ReadyLine) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, line)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
