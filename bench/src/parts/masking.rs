//! `masking`: what it costs to mask tokens, in bytes of the file a second. The log engine alone
//! renders a log of 1 GiB as text, and the text is dropped.
//!
//! The peer is the same engine without masking. Of the logs one has no token in it, and one has a
//! token in every tenth line.

use std::{io, path::Path, time::Instant};

use anyhow::{Context, ensure};
use fastrand::Rng;
use pod_logs::{
    CHUNK_BYTES, FilesSource, KubeletOptions, LocatedLog, LogForm, LogQuery, LogReading,
    MergeClock, PodRef, Progress,
};
use shared_types::{TokenKind, encode_token};

use crate::{
    report::{
        rounds::Rounds,
        table::{Report, Target, gigabytes_a_second},
    },
    stage::{
        log_files::{self, line},
        services::Stage,
    },
};

const ROUNDS: usize = 7;
const LOG_BYTES: u64 = 1 << 30;

/// Opens a log in one of the forms that are measured.
type Open = fn(LocatedLog) -> io::Result<LogReading>;

/// What was read.
#[derive(Debug, Clone, Copy)]
struct Read {
    seconds: f64,
    text_bytes: usize,
    masked: u64,
}

pub(crate) async fn measure(stage: &Stage<'_>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    stage.large_log().await?;
    log_files::create_of(line_with_token, &stage.logs, "tokens", LOG_BYTES).await?;
    for (pod, open, name) in [
        ("large", as_text as Open, "masking: 1 GiB without tokens / unmasked"),
        ("tokens", as_text, "masking: a token in every tenth line / unmasked"),
        ("large", as_kubelet, "masking: 1 GiB in the kubelet's bytes / unmasked"),
    ] {
        let logs = stage.logs.clone();
        let rounds = tokio::task::spawn_blocking(move || rounds(&logs, pod, open)).await??;
        report.rounds(name, &rounds, gigabytes_a_second, Target::AtLeast(1.0 / 1.15));
    }
    Ok(report)
}

fn rounds(logs: &Path, pod: &str, open: Open) -> anyhow::Result<Rounds> {
    let source = FilesSource::open(logs, &[])?;
    let masked = || read(open, locate(&source, pod)?);
    let unmasked = || read(open, locate(&source, pod)?.without_masking());
    // Also the warm-up: from here on the file is in the page cache.
    let (seen, peer) = (masked()?, unmasked()?);
    ensure!(seen.text_bytes == peer.text_bytes, "masking changes the length");
    ensure!((seen.masked > 0) == (pod == "tokens"), "{} tokens are masked", seen.masked);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let [ours, peer] = [masked()?, unmasked()?].map(|read| LOG_BYTES as f64 / read.seconds);
        rounds.add(ours, peer);
    }
    Ok(rounds)
}

fn locate(source: &FilesSource, pod: &str) -> anyhow::Result<LocatedLog> {
    let pod = PodRef {
        namespace: "default".parse().context("no namespace")?,
        pod: pod.parse().context("no pod")?,
    };
    Ok(source.find(&pod, &LogQuery::default())?.check()?)
}

fn as_text(log: LocatedLog) -> io::Result<LogReading> {
    let clock = MergeClock::at_the_end_of_time();
    LogReading::of_lines(log, &LogQuery::default(), LogForm::Text, clock)
}

fn as_kubelet(log: LocatedLog) -> io::Result<LogReading> {
    LogReading::of_kubelet(log, &KubeletOptions::default())
}

fn read(open: Open, log: LocatedLog) -> anyhow::Result<Read> {
    let start = Instant::now();
    let mut reading = open(log)?;
    let (mut text_bytes, mut progress) = (0, Progress::More);
    while progress == Progress::More {
        // As the gateway does.
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
        progress = reading.write_chunk(&mut chunk)?;
        text_bytes += chunk.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Read { seconds, text_bytes, masked: reading.counts().masked })
}

fn line_with_token(rng: &mut Rng) -> Vec<u8> {
    let mut line = line(rng);
    if rng.u8(..10) == 0 {
        line.pop();
        let token = encode_token(TokenKind::Session, &std::array::from_fn(|_| rng.u8(..)));
        line.extend_from_slice(b" token=");
        line.extend_from_slice(token.as_bytes());
        line.push(b'\n');
    }
    line
}
