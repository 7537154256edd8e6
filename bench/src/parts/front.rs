//! `front`: a log of 1 GiB as text, and the last lines of a log of 4 KiB, through a front and its
//! node, which speak TLS with each other.
//!
//! The peer is a gateway that reads the same files and is asked directly, without TLS.

use std::{fs, net::SocketAddr, path::Path, time::Instant};

use anyhow::Context;
use local_services::services::Services;

use crate::{
    clients::http::{self, Connection},
    report::{
        rounds::{Rounds, median},
        table::{Report, Target, gigabytes_a_second, mebibytes, microseconds},
    },
    stage::{cluster::Cluster, log_files, services::Stage},
};

const ROUNDS: usize = 5;
const SMALL_BYTES: u64 = 4096;
const REQUESTS: usize = 500;
const BUFFER_BYTES: usize = 256 * 1024;
/// What a front may add to the median of small reads, in seconds.
const ADDED_SECONDS: f64 = 0.001;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let large = stage.large_log().await?;
    let small = log_files::create(&stage.logs, "small", SMALL_BYTES).await?;
    let size = large.metadata()?.len() as f64;
    let share = |_, logs: &Path| {
        [large, &small].into_iter().try_for_each(|file| share(file, &stage.logs, logs))
    };
    let cluster = Cluster::start(stage, services, 1, share).await?;
    let direct = stage.start_gateway("direct", cluster.authority, services).await?.listening;
    let memory_at_start = cluster.front_process.resident()?;
    let (mut of_rate, mut of_latency, mut added) =
        (Rounds::default(), Rounds::default(), Vec::new());
    let token = &cluster.token;
    for address in [cluster.front, direct] {
        // The warm-up.
        download(address, token).await?;
        latency(address, token).await?;
    }
    for _ in 0..ROUNDS {
        of_rate.add(
            size / download(cluster.front, token).await?,
            size / download(direct, token).await?,
        );
        let [front, direct] = [latency(cluster.front, token).await?, latency(direct, token).await?];
        of_latency.add(front, direct);
        added.push(front - direct);
    }
    let growth = cluster.front_process.peak()?.saturating_sub(memory_at_start);
    let mut report = Report::default();
    let least = Target::AtLeast(0.7);
    report.rounds("front: 1 GiB as text / directly", &of_rate, gigabytes_a_second, least);
    report.rounds("front: p50 of small reads / directly", &of_latency, microseconds, Target::None);
    report.limit(
        "front: added to p50 of small reads / 1 ms",
        [median(added), ADDED_SECONDS],
        microseconds,
        Target::AtMost(1.0),
    );
    report.figure("front: memory above start", mebibytes(growth as f64));
    Ok(report)
}

/// Gives a file below a directory of logs to another one as well.
fn share(file: &Path, of: &Path, logs: &Path) -> anyhow::Result<()> {
    let other = logs.join(file.strip_prefix(of)?);
    let directory = other.parent().context("a file without a directory")?;
    fs::create_dir_all(directory)
        .and_then(|()| fs::hard_link(file, &other))
        .with_context(|| format!("cannot link {other:?}"))
}

/// How long the large log takes, in seconds.
async fn download(address: SocketAddr, token: &str) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut connection = Connection::open(address, BUFFER_BYTES).await?;
    let request = http::request("GET", "/logs/large", token, &[("Accept", "text/plain")]);
    let body = connection.ask_for_body(&request).await?;
    connection.read_to_end(body, |_| {}).await?;
    Ok(start.elapsed().as_secs_f64())
}

/// The median of small reads, one after the other, in seconds.
async fn latency(address: SocketAddr, token: &str) -> anyhow::Result<f64> {
    let mut connection = Connection::open(address, BUFFER_BYTES).await?;
    let request = http::request("GET", "/logs/small?tail=50", token, &[]);
    let mut latencies = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let body = connection.ask_for_body(&request).await?;
        connection.read_to_end(body, |_| {}).await?;
        latencies.push(start.elapsed().as_secs_f64());
    }
    Ok(median(latencies))
}
