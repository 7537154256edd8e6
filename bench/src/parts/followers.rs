//! `followers`: 2,000 connections that follow one file as text, while a container writes 500
//! lines a second, each with a write of its own: the lines that arrive, and the cost.
//!
//! There is no peer. The limits are: every line at each follower, byte by byte; the file read once
//! for all followers. Memory and processor time have no limit.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use crc32fast::Hasher;
use fastrand::Rng;
use local_services::services::Services;
use tokio::{sync::oneshot, task::JoinSet, time::timeout_at};

use crate::{
    clients::http::{Body, Connection},
    report::table::{Report, Target},
    stage::log_files,
    stage::services::{Pair, Stage},
};

const FOLLOWERS: usize = 2_000;
const LINES_A_SECOND: u32 = 500;
const SECONDS: u32 = 20;
/// The time limit for the last lines to arrive.
const GRACE: Duration = Duration::from_secs(20);
const BUFFER_BYTES: usize = 16 * 1024;

/// A connection and what came over it.
struct Follower {
    connection: Connection,
    body: Body,
    lines: u64,
    bytes: u64,
    checksum: Hasher,
    /// The reason of a premature end.
    failure: Option<anyhow::Error>,
}

/// The lines of the container, as a follower sees them.
struct Written {
    lines: u64,
    bytes: u64,
    checksum: u32,
    /// Bytes of the file.
    file_bytes: u64,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = log_files::create(&stage.logs, "followed", 200).await?;
    let pair = stage.start(services).await?;
    // The first follower makes the gateway set up the shared state.
    let mut followers = vec![Follower::open(&pair).await?];
    let process = pair.gateway_process;
    let memory_at_start = process.resident()?;
    while followers.len() < FOLLOWERS {
        followers.push(Follower::open(&pair).await?);
    }
    let idle = process.resident()?.saturating_sub(memory_at_start);
    let (read, busy, start) = (process.bytes_read()?, process.processor_time()?, Instant::now());
    let mut written = write_on_a_thread(&log)?;
    let end = start + Duration::from_secs(SECONDS.into()) + GRACE;
    let mut following: JoinSet<_> =
        followers.into_iter().map(|follower| follower.follow_until(end)).collect();
    let mut followers = Vec::with_capacity(FOLLOWERS);
    while let Some(follower) = following.join_next().await {
        followers.push(follower?);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let busy = (process.processor_time()? - busy).as_secs_f64() / elapsed;
    let read = process.bytes_read()? - read;
    let peak = process.peak()?.saturating_sub(memory_at_start);
    let written = written.try_recv().context("the writer has not ended")??;

    let mut report = Report::default();
    let delivered: u64 = followers.iter().map(|follower| follower.lines).sum();
    let expected = written.lines * FOLLOWERS as u64;
    report.limit(
        "followers: lines delivered / written × 2,000",
        [delivered as f64, expected as f64],
        |lines| format!("{lines:.0}"),
        Target::AtLeast(1.0),
    );
    report.limit(
        "followers: bytes read / written",
        [read as f64, written.file_bytes as f64],
        |bytes| format!("{:.2} MB", bytes / 1e6),
        Target::AtMost(1.5),
    );
    let each = |bytes: u64| format!("{:.1} KiB", bytes as f64 / 1024.0 / FOLLOWERS as f64);
    report.figure("followers: gateway memory each, idle", each(idle));
    report.figure("followers: gateway memory each, at most", each(peak));
    report.figure("followers: gateway processor time", format!("{:.0} %", busy * 100.0));
    let wrong = followers.iter().filter(|follower| !follower.has_all(&written)).count();
    if wrong > 0 {
        report.note(format!("{wrong} followers did not get exactly what was written"));
    }
    let mut failures = followers.iter().filter_map(|follower| follower.failure.as_ref());
    if let Some(failure) = failures.next() {
        let more = failures.count();
        report.note(format!("a follower failed, and {more} more: {failure:#}"));
    }
    Ok(report)
}

/// Writes outside of the runtime that reads, as a container does.
fn write_on_a_thread(log: &Path) -> anyhow::Result<oneshot::Receiver<anyhow::Result<Written>>> {
    let file = OpenOptions::new().append(true).open(log).context("cannot append to the log")?;
    let (tell, written) = oneshot::channel();
    thread::spawn(move || tell.send(write(file)));
    Ok(written)
}

fn write(mut file: File) -> anyhow::Result<Written> {
    let mut rng = Rng::new();
    let mut written = Written { lines: 0, bytes: 0, checksum: 0, file_bytes: 0 };
    let mut checksum = Hasher::new();
    let start = Instant::now();
    for nth in 0..LINES_A_SECOND * SECONDS {
        let due = start + Duration::from_secs(1) / LINES_A_SECOND * nth;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let line = log_files::line(&mut rng);
        file.write_all(&line).context("cannot write to the log")?;
        let text = log_files::text(&line);
        checksum.update(text);
        written.lines += 1;
        written.bytes += text.len() as u64;
        written.file_bytes += line.len() as u64;
    }
    written.checksum = checksum.finalize();
    Ok(written)
}

impl Follower {
    /// Follows from the current end; an earlier line shows that the follower has reached it.
    async fn open(pair: &Pair) -> anyhow::Result<Self> {
        let request = pair.text_request("/logs/followed?follow=true&tailLines=1");
        let mut connection = Connection::open(pair.gateway, BUFFER_BYTES).await?;
        let mut body = connection.ask_for_body(&request).await?;
        let mut first = Vec::new();
        while !first.ends_with(b"\n") {
            connection.read(&mut body, |content| first.extend_from_slice(content)).await?;
            ensure!(body != Body::Ended, "the log that is followed has ended");
        }
        let checksum = Hasher::new();
        Ok(Self { connection, body, lines: 0, bytes: 0, checksum, failure: None })
    }

    async fn follow_until(mut self, end: Instant) -> Self {
        let outcome = timeout_at(end.into(), self.follow()).await;
        self.failure = outcome.ok().and_then(Result::err);
        self
    }

    async fn follow(&mut self) -> anyhow::Result<()> {
        while self.lines < u64::from(LINES_A_SECOND * SECONDS) {
            ensure!(self.body != Body::Ended, "the log that is followed has ended");
            let Self { connection, body, lines, bytes, checksum, .. } = self;
            let count = |content: &[u8]| {
                *lines += memchr::memchr_iter(b'\n', content).count() as u64;
                *bytes += content.len() as u64;
                checksum.update(content);
            };
            connection.read(body, count).await?;
        }
        Ok(())
    }

    fn has_all(&self, written: &Written) -> bool {
        self.bytes == written.bytes && self.checksum.clone().finalize() == written.checksum
    }
}
