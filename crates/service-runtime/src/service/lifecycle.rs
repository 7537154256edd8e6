//! From the start of a service to its end: telemetry, ready line, signals, stopping in order.

use std::{
    io::{self, Write},
    net::SocketAddr,
    pin::pin,
    time::Duration,
};

use actix_web::dev::Server;
use serde::Serialize;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use super::settings::RuntimeSettings;
use crate::{metrics::HttpMetrics, ops::Readiness, settings::Warnings, telemetry};

/// How often to check whether the last answer has been sent, when stopping.
const CHECK_EVERY: Duration = Duration::from_millis(20);
/// How long the last bytes of an answer may take to leave the process.
const LINGER: Duration = Duration::from_millis(250);

/// Begins the life of a service with a valid configuration: starts telemetry, logs warnings about
/// the configuration, and listens for signals. Returns a future that ends at SIGTERM or SIGINT.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn start(
    settings: &RuntimeSettings,
    warnings: &Warnings,
) -> io::Result<impl Future<Output = ()> + use<>> {
    telemetry::start(settings.telemetry);
    warnings.log();
    termination()
}

fn termination() -> io::Result<impl Future<Output = ()> + use<>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The one line on standard output.
#[derive(Debug, Serialize)]
pub(super) struct ReadyLine {
    /// The binary's name.
    pub(super) service: &'static str,
    /// The public address.
    pub(super) listening: SocketAddr,
    /// The address of the operations listener.
    pub(super) ops: SocketAddr,
    /// The binary's version.
    pub(super) version: &'static str,
}

/// Runs both servers until `stop` ends, then stops the public one gracefully and the operations
/// listener last, so that probes see the service stopping.
///
/// # Errors
/// When a server fails, or standard output cannot be written to.
pub(super) async fn run(
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

/// Ends when all answers have been sent. The server itself checks only once a second.
async fn last_answer(requests: &HttpMetrics) {
    while !requests.is_idle() {
        sleep(CHECK_EVERY).await;
    }
    sleep(LINGER).await;
}

fn announce(line: &ReadyLine) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, line)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
