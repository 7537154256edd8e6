//! `slow-reader`: 50 readers of a log of 1 GiB at mixed speeds, one of them at 10 KB/s, which is
//! cut off when the others have finished.
//!
//! The peer is a limit: the gateway's memory may grow by 64 MiB. Readers wait for the network, and
//! chunks that were read ahead for them must not accumulate.

use std::time::{Duration, Instant};

use local_services::services::Services;
use tokio::{
    task::JoinSet,
    time::{sleep_until, timeout_at},
};

use crate::{
    clients::http::{Body, Connection},
    report::table::{Report, Target, gigabytes_a_second, mebibytes},
    stage::services::Stage,
};

/// The number of readers of each speed, in bytes a second; `None` is unlimited.
const READERS: [(usize, Option<f64>); 5] =
    [(20, None), (15, Some(200e6)), (10, Some(50e6)), (4, Some(20e6)), (1, Some(SLOWEST))];
const SLOWEST: f64 = 10e3;
/// The time limit on a slow machine.
const AT_MOST: Duration = Duration::from_secs(90);
const LIMIT: f64 = 64.0 * 1024.0 * 1024.0;

/// The progress of a reader.
struct Read {
    bytes: u64,
    /// `None` if it was cut off.
    outcome: Option<anyhow::Result<()>>,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = stage.large_log().await?;
    // Fills the page cache: the disk is not measured.
    std::io::copy(&mut std::fs::File::open(log)?, &mut std::io::sink())?;
    let pair = stage.start(services).await?;
    let memory_at_start = pair.gateway_process.resident()?;
    let request = pair.text_request("/logs/large");
    let start = Instant::now();
    let mut readers = JoinSet::new();
    let mut slowest = JoinSet::new();
    for (count, speed) in READERS {
        let set = if speed == Some(SLOWEST) { &mut slowest } else { &mut readers };
        for _ in 0..count {
            let connection = Connection::open(pair.gateway, buffer(speed)).await?;
            set.spawn(read(connection, request.clone(), speed, start));
        }
    }
    let mut read = Vec::new();
    while let Some(reader) = readers.join_next().await {
        read.push(reader?);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let growth = pair.gateway_process.peak()?.saturating_sub(memory_at_start);

    let mut report = Report::default();
    report.limit(
        "slow-reader: gateway memory above start",
        [growth as f64, LIMIT],
        mebibytes,
        Target::AtMost(1.0),
    );
    let bytes: u64 = read.iter().map(|read| read.bytes).sum();
    report.figure("slow-reader: text to all of them", gigabytes_a_second(bytes as f64 / elapsed));
    if slowest.try_join_next().is_some() {
        report.note("the slowest reader ended before the others".to_owned());
    }
    check(&mut report, &read);
    Ok(report)
}

/// All clients that read to the end read the same bytes.
fn check(report: &mut Report, read: &[Read]) {
    let cut_off = read.iter().filter(|read| read.outcome.is_none()).count();
    if cut_off > 0 {
        report.note(format!("{cut_off} readers were cut off after {} s", AT_MOST.as_secs()));
    }
    let mut failures = read.iter().filter_map(|read| read.outcome.as_ref()?.as_ref().err());
    if let Some(failure) = failures.next() {
        let more = failures.count();
        report.note(format!("a reader failed, and {more} more: {failure:#}"));
    }
    let mut whole: Vec<_> =
        read.iter().filter(|read| matches!(read.outcome, Some(Ok(())))).map(|r| r.bytes).collect();
    whole.sort_unstable();
    whole.dedup();
    if whole.len() > 1 {
        report.note(format!("readers of the same log got different lengths: {whole:?}"));
    }
}

/// Small enough that a slow reader reads often.
fn buffer(speed: Option<f64>) -> usize {
    if speed == Some(SLOWEST) { 4 * 1024 } else { 128 * 1024 }
}

async fn read(
    mut connection: Connection,
    request: Vec<u8>,
    speed: Option<f64>,
    start: Instant,
) -> Read {
    let mut bytes = 0;
    let reading = async {
        let mut body = connection.ask_for_body(&request).await?;
        while body != Body::Ended {
            connection.read(&mut body, |content| bytes += content.len() as u64).await?;
            if let Some(speed) = speed {
                sleep_until((start + Duration::from_secs_f64(bytes as f64 / speed)).into()).await;
            }
        }
        Ok(())
    };
    let outcome = timeout_at((start + AT_MOST).into(), reading).await.ok();
    Read { bytes, outcome }
}
