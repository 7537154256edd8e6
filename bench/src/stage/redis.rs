//! A Redis server, and redis-benchmark as its client.

use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const START_LIMIT: Duration = Duration::from_secs(10);
/// The size of a record of sso-service.
const VALUE_BYTES: &str = "89";
/// As many connections as our load has.
const CONNECTIONS: &str = "64";
const KEYS: &str = "10000";

/// A running Redis server, which keeps nothing on disk.
pub(crate) struct Redis {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Redis {
    /// Starts it.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0").context("cannot listen")?.local_addr()?;
        let port = address.port().to_string();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start redis-server (Debian package: redis-server)")?;
        let mut redis = Self { address, process };
        redis.wait().await?;
        Ok(redis)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            ensure!(self.process.try_wait()?.is_none(), "redis-server has ended");
            ensure!(started.elapsed() < START_LIMIT, "redis-server does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Sets the keys that [`Redis::gets`] reads.
    pub(crate) async fn fill(&self) -> anyhow::Result<()> {
        self.benchmark("set", 10 * KEYS.parse::<u64>()?, 1).await.map(|_| ())
    }

    /// The number of answers to `GET` a second, of so many, with this number of them in a pipeline.
    pub(crate) async fn gets(&self, count: u64, pipelined: usize) -> anyhow::Result<f64> {
        self.benchmark("get", count, pipelined).await
    }

    async fn benchmark(&self, test: &str, count: u64, pipelined: usize) -> anyhow::Result<f64> {
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let output = Command::new("redis-benchmark")
            .args(["-h", &host, "-p", &port, "-t", test, "-n", &count.to_string(), "--csv"])
            .args(["-c", CONNECTIONS, "-d", VALUE_BYTES, "-r", KEYS])
            .args(["-P", &pipelined.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot run redis-benchmark (Debian package: redis-tools)")?;
        ensure!(output.status.success(), "redis-benchmark failed");
        rate(&String::from_utf8_lossy(&output.stdout), test)
    }

    pub(crate) async fn stop(mut self) -> std::io::Result<()> {
        self.process.kill().await
    }
}

/// The rate of a test, from a table with quoted fields.
fn rate(table: &str, test: &str) -> anyhow::Result<f64> {
    let start = format!("\"{}\",\"", test.to_uppercase());
    let rate = table.lines().find_map(|line| line.strip_prefix(&start)?.split('"').next());
    rate.with_context(|| format!("redis-benchmark says no rate: {table}"))?
        .parse()
        .context("the rate is no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_redis_benchmark_is_read() {
        let table = "\"test\",\"rps\",\"avg_latency_ms\"\n\"GET\",\"103842.16\",\"0.25\"\n";
        assert_eq!(rate(table, "get").unwrap().to_string(), "103842.16");
        assert!(rate(table, "set").is_err());
    }
}
