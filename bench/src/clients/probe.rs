//! The latency of validate during another load.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{runtime, sync::oneshot};

use crate::clients::http::{self, Connection, Head};

/// Used in turn, so that each worker is called.
const CONNECTIONS: usize = 8;
/// The interval of validations, so long that they are no load.
const PERIOD: Duration = Duration::from_millis(1);
const BUFFER_BYTES: usize = 4096;

/// Validates a token at a steady pace.
pub(crate) struct Probe {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Probe {
    /// The 99th percentile of the time that it takes, in seconds.
    pub(crate) async fn p99(&self, time: Duration) -> anyhow::Result<f64> {
        let request = http::request("POST", "/auth/validate", &self.token, &[]);
        let (tell, told) = oneshot::channel();
        let address = self.address;
        // In a thread of its own, so that it does not wait for other tasks of the runtime.
        thread::spawn(move || tell.send(measure(address, &request, time)));
        Ok(percentile(told.await.context("the probe has ended")??, 0.99))
    }
}

fn measure(address: SocketAddr, request: &[u8], time: Duration) -> anyhow::Result<Vec<f64>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(address, BUFFER_BYTES).await?);
        }
        let start = Instant::now();
        let mut latencies = Vec::new();
        for nth in 0.. {
            let due = start + PERIOD * nth;
            if due >= start + time {
                break;
            }
            // A validation that had to wait for the one before is late by that time.
            let sent = wait_until(due);
            let connection = &mut connections[nth as usize % CONNECTIONS];
            let Head { status, body } = connection.ask(request).await?;
            ensure!(status == 200, "a valid token was answered with {status}");
            connection.read_to_end(body, |_| {}).await?;
            latencies.push(sent.elapsed().as_secs_f64());
        }
        Ok(latencies)
    })
}

/// Blocks the thread.
fn wait_until(due: Instant) -> Instant {
    let now = Instant::now();
    if now >= due {
        return due;
    }
    thread::sleep(due - now);
    Instant::now()
}

/// The smallest figure that is at least as large as this fraction of all.
fn percentile(mut figures: Vec<f64>, part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let rank = (figures.len() as f64 * part).ceil() as usize;
    figures[rank.max(1) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_percentile_leaves_one_of_a_hundred_slower() {
        let hundred: Vec<_> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(hundred, 0.99), 99.0);
        assert_eq!(percentile(vec![7.0], 0.99), 7.0);
    }
}
