//! The latency of validate during another load.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{runtime, sync::oneshot};

use crate::clients::http::{self, Connection, Head};

/// One after the other, so that each worker is asked.
const CONNECTIONS: usize = 8;
/// Rare enough to be no load.
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
        // Not in the runtime whose other tasks it would wait for.
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
            // What had to wait for the answer before it is late by that.
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

/// Nothing else is to be done on this thread meanwhile.
fn wait_until(due: Instant) -> Instant {
    let now = Instant::now();
    if now >= due {
        return due;
    }
    thread::sleep(due - now);
    Instant::now()
}

/// The smallest figure that is no less than this part of them all.
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
