//! `download`: a CRI log of 1 GiB through the whole gateway, over loopback, by a client that discards
//! it: bytes of the file a second, and memory.
//!
//! The peer of text is `cut -d' ' -f4-` of the same file to /dev/null, which does the same to each
//! line without a network, as a user with a shell on the node would. A check before the measurement
//! ensures that both give the same bytes. Another peer is nginx, which sends the file as it is. NDJSON
//! stands beside text.

use std::{net::SocketAddr, os::unix::fs::symlink, path::Path, process::Stdio, time::Instant};

use anyhow::{Context, ensure};
use local_services::services::Services;
use tokio::process::Command;

use crate::{
    clients::content::{Content, Tally},
    clients::http::{self, Connection},
    report::rounds::Rounds,
    report::table::{Report, Target, gigabytes_a_second, mebibytes},
    stage::nginx::Nginx,
    stage::process::Process,
    stage::services::{Pair, Stage},
};

const ROUNDS: usize = 5;
const BUFFER_BYTES: usize = 256 * 1024;
const PATH: &str = "/logs/large";

/// What is downloaded from where.
struct Download {
    address: SocketAddr,
    request: Vec<u8>,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = stage.large_log().await?;
    let size = log.metadata()?.len() as f64;
    let pair = stage.start(services).await?;
    let memory_at_start = pair.gateway_process.resident()?;
    let text = Download { address: pair.gateway, request: pair.text_request(PATH) };
    let mut report = Report::default();
    // Also the warm-up: from here on the file is in the page cache.
    let expected = Content::printed_by(cut(log)).await?;
    let content = text.content().await?;
    if content != expected {
        report.note(format!("the gateway gave {content:?}, cut gave {expected:?}"));
    }
    let mut rounds = Rounds::default();
    let processes = [pair.gateway_process, Process::ours()];
    let before = processes.map(Process::processor_time);
    for _ in 0..ROUNDS {
        let ours = text.time().await?;
        rounds.add(size / ours, size / time_of_cut(log).await?);
    }
    let after = processes.map(Process::processor_time);
    let growth = pair.gateway_process.peak()?.saturating_sub(memory_at_start);
    let unit = gigabytes_a_second;
    report.rounds("download: 1 GiB as text / cut", &rounds, unit, Target::AtLeast(4.0));
    // Also of the client, whose cost must not dominate.
    for (name, (before, after)) in ["gateway", "client"].iter().zip(before.into_iter().zip(after)) {
        let each = (after? - before?).as_secs_f64() / ROUNDS as f64;
        report.figure(&format!("download: {name} processor time"), format!("{each:.2} s"));
    }
    report.figure("download: gateway memory above start", mebibytes(growth as f64));
    beside_nginx_and_records(stage, &pair, &text, &mut report).await?;
    Ok(report)
}

/// Text beside the file as nginx sends it, and NDJSON beside text.
async fn beside_nginx_and_records(
    stage: &Stage<'_>,
    pair: &Pair,
    text: &Download,
    report: &mut Report,
) -> anyhow::Result<()> {
    let log = stage.large_log().await?;
    let size = log.metadata()?.len() as f64;
    let directory = stage.path("nginx-of-download");
    let nginx = Nginx::start(&directory, pair.sso_service, b"", 1).await?;
    symlink(log, directory.join("files/open/large")).context("cannot link the log")?;
    let raw = Download {
        address: nginx.address,
        request: http::request("GET", "/open/large", &pair.token, &[]),
    };
    let accept = [("Accept", "application/x-ndjson")];
    let records = Download {
        address: pair.gateway,
        request: http::request("GET", PATH, &pair.token, &accept),
    };
    let [mut of_text, mut of_records] = <[Rounds; 2]>::default();
    for _ in 0..ROUNDS {
        let times = [text.time().await?, raw.time().await?, records.time().await?];
        let [text, raw, records] = times.map(|time| size / time);
        of_text.add(text, raw);
        of_records.add(records, text);
    }
    nginx.stop().await.context("cannot stop nginx")?;
    let unit = gigabytes_a_second;
    let name = "download: 1 GiB as text / the file by nginx";
    report.rounds(name, &of_text, unit, Target::AtLeast(0.8));
    report.rounds("download: 1 GiB as NDJSON / text", &of_records, unit, Target::AtLeast(0.4));
    Ok(())
}

impl Download {
    async fn time(&self) -> anyhow::Result<f64> {
        let start = Instant::now();
        self.read(|_| {}).await?;
        Ok(start.elapsed().as_secs_f64())
    }

    async fn content(&self) -> anyhow::Result<Content> {
        let mut tally = Tally::default();
        self.read(|content| tally.add(content)).await?;
        Ok(tally.content())
    }

    async fn read(&self, content: impl FnMut(&[u8])) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.address, BUFFER_BYTES).await?;
        let body = connection.ask_for_body(&self.request).await?;
        connection.read_to_end(body, content).await
    }
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
