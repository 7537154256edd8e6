//! `download`: a CRI log of 1 GiB as text through the whole gateway, over loopback, by a client
//! that discards it: bytes of the file a second, and memory.
//!
//! The peer is `cut -d' ' -f4-` of the same file to /dev/null, which does the same to each line
//! without a network, as a user with a shell on the node would. A check before the measurement
//! ensures that both give the same bytes.

use std::{path::Path, process::Stdio, time::Instant};

use anyhow::{Context, ensure};
use local_services::services::Services;
use tokio::process::Command;

use crate::{
    clients::content::{Content, Tally},
    clients::http::Connection,
    report::rounds::Rounds,
    report::table::{Report, Target, gigabytes_a_second, mebibytes},
    stage::process::Process,
    stage::services::{Pair, Stage},
};

const ROUNDS: usize = 5;
const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = stage.large_log().await?;
    let size = log.metadata()?.len() as f64;
    let pair = stage.start(services).await?;
    let memory_at_start = pair.gateway_process.resident()?;
    let mut report = Report::default();
    // Also the warm-up: from here on the file is in the page cache.
    let expected = Content::printed_by(cut(log)).await?;
    let content = content_of_the_gateway(&pair).await?;
    if content != expected {
        report.note(format!("the gateway gave {content:?}, cut gave {expected:?}"));
    }
    let mut rounds = Rounds::default();
    let processes = [pair.gateway_process, Process::ours()];
    let before = processes.map(Process::processor_time);
    for _ in 0..ROUNDS {
        let ours = time_of_the_gateway(&pair).await?;
        rounds.add(size / ours, size / time_of_cut(log).await?);
    }
    let after = processes.map(Process::processor_time);
    let growth = pair.gateway_process.peak()?.saturating_sub(memory_at_start);
    report.rounds(
        "download: 1 GiB as text / cut",
        &rounds,
        gigabytes_a_second,
        Target::AtLeast(2.0),
    );
    // Also of the client, whose cost must not dominate.
    for (name, (before, after)) in ["gateway", "client"].iter().zip(before.into_iter().zip(after)) {
        let each = (after? - before?).as_secs_f64() / ROUNDS as f64;
        report.figure(&format!("download: {name} processor time"), format!("{each:.2} s"));
    }
    report.figure("download: gateway memory above start", mebibytes(growth as f64));
    Ok(report)
}

async fn time_of_the_gateway(pair: &Pair) -> anyhow::Result<f64> {
    let start = Instant::now();
    download(pair, |_| {}).await?;
    Ok(start.elapsed().as_secs_f64())
}

async fn content_of_the_gateway(pair: &Pair) -> anyhow::Result<Content> {
    let mut tally = Tally::default();
    download(pair, |content| tally.add(content)).await?;
    Ok(tally.content())
}

async fn download(pair: &Pair, content: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let mut connection = Connection::open(pair.gateway, BUFFER_BYTES).await?;
    let body = connection.ask_for_body(&pair.text_request("/logs/large")).await?;
    connection.read_to_end(body, content).await
}

async fn time_of_cut(log: &Path) -> anyhow::Result<f64> {
    let start = Instant::now();
    let status = cut(log).stdout(Stdio::null()).status().await.context("cannot run cut")?;
    ensure!(status.success(), "cut failed: {status}");
    Ok(start.elapsed().as_secs_f64())
}

/// Prints the text of a log.
pub(crate) fn cut(log: &Path) -> Command {
    let mut command = Command::new("cut");
    // Its fastest locale.
    command.args(["-d", " ", "-f4-"]).arg(log).env("LC_ALL", "C");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}
