//! `tail`: the last 100 lines of a log of 10 GiB, asked for over a connection that is kept alive.
//!
//! The peer is the same request for a log of 10 MiB: the tail is found from the end of the file, so
//! the size must not matter. Each answer is checked for the right lines.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::Instant,
};

use anyhow::Context;
use local_services::services::Services;
use rustix::fs::statvfs;

use crate::{
    clients::http::Connection,
    report::rounds::{Rounds, median},
    report::table::{Report, Target, microseconds},
    stage::log_files,
    stage::services::Stage,
};

const LINES: usize = 100;
const SMALL_BYTES: u64 = 10 << 20;
const LARGE_BYTES: u64 = 10 << 30;
/// Disk space to leave free for other writers.
const SPARE_BYTES: u64 = 4 << 30;
const ROUNDS: usize = 5;
const REQUESTS: usize = 300;
const BUFFER_BYTES: usize = 64 * 1024;
/// More bytes than the last lines have.
const END_BYTES: i64 = 64 * 1024;

/// A log and the request for its tail.
struct Tail {
    request: Vec<u8>,
    connection: Connection,
    expected: Vec<u8>,
    wrong: usize,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let small = log_files::create(&stage.logs, "tail-small", SMALL_BYTES).await?;
    let bytes = LARGE_BYTES.min(free_bytes(&stage.logs)?.saturating_sub(SPARE_BYTES));
    if bytes < LARGE_BYTES {
        report.note(format!("the disk has room for a log of {} MiB only", bytes >> 20));
    }
    let large_log = log_files::create(&stage.logs, "tail-large", bytes).await?;
    let pair = stage.start(services).await?;
    let open = async |pod: &str, log: &Path| {
        anyhow::Ok(Tail {
            request: pair.text_request(&format!("/logs/{pod}?tailLines={LINES}")),
            connection: Connection::open(pair.gateway, BUFFER_BYTES).await?,
            expected: last_lines(log)?,
            wrong: 0,
        })
    };
    let mut small = open("tail-small", &small).await?;
    let mut large = open("tail-large", &large_log).await?;
    let mut rounds = Rounds::default();
    small.latency().await?;
    large.latency().await?;
    for _ in 0..ROUNDS {
        rounds.add(large.latency().await?, small.latency().await?);
    }
    for (name, tail) in [("small", &small), ("large", &large)] {
        if tail.wrong > 0 {
            report.note(format!("{} tails of the {name} log were wrong", tail.wrong));
        }
    }
    report.rounds(
        "tail: 100 lines of 10 GiB / of 10 MiB",
        &rounds,
        microseconds,
        Target::AtMost(1.5),
    );
    // No other bench needs this file.
    fs::remove_file(large_log).context("cannot remove the large log")?;
    Ok(report)
}

impl Tail {
    /// The median of many requests, one after the other.
    async fn latency(&mut self) -> anyhow::Result<f64> {
        let mut latencies = Vec::with_capacity(REQUESTS);
        let mut content = Vec::with_capacity(self.expected.len());
        for _ in 0..REQUESTS {
            content.clear();
            let start = Instant::now();
            let body = self.connection.ask_for_body(&self.request).await?;
            let keep = |part: &[u8]| content.extend_from_slice(part);
            self.connection.read_to_end(body, keep).await?;
            latencies.push(start.elapsed().as_secs_f64());
            self.wrong += usize::from(content != self.expected);
        }
        Ok(median(latencies))
    }
}

/// The expected lines.
fn last_lines(log: &Path) -> anyhow::Result<Vec<u8>> {
    let mut end = Vec::new();
    let mut file = File::open(log)?;
    file.seek(SeekFrom::End(-END_BYTES))?;
    file.read_to_end(&mut end)?;
    let newlines = memchr::memrchr_iter(b'\n', &end).nth(LINES);
    let start = newlines.context("the log has too few lines")? + 1;
    let lines = end[start..].split_inclusive(|&byte| byte == b'\n');
    Ok(lines.flat_map(log_files::text).copied().collect())
}

fn free_bytes(directory: &Path) -> anyhow::Result<u64> {
    let disk = statvfs(directory).context("cannot ask how much room the disk has")?;
    Ok(disk.f_bavail * disk.f_frsize)
}
