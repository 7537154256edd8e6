//! `cluster`: a front for 100 nodes with 100 pods each: time until it knows them, memory, a new pod;
//! reads while one node is dead and one hangs; a merged follow of a log on every node, and 500
//! follows of single logs of all nodes. During both, one node is killed and restarted and one is
//! stopped for a while.
//!
//! The limits are: a new pod within 2 s, every line once, lines of living nodes within 1 s. The peer
//! of the reads is the same front before anything was wrong.

mod followers;

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::SecondsFormat;
use local_services::{clock, services::Services};
use rustix::process::Signal;
use serde_json::Value;
use tokio::{
    sync::oneshot,
    time::{sleep, timeout_at},
};

use self::followers::Followers;
use crate::{
    clients::http::{self, Body},
    report::{
        rounds::{Rounds, median},
        table::{Report, Target, mebibytes, microseconds, seconds},
    },
    stage::{cluster::Cluster, services::Stage},
};

const NODES: usize = 100;
const PODS_EACH: usize = 100;
/// The node that is killed, the one that is stopped, and one that lives.
const KILLED: usize = 1;
const STOPPED: usize = 2;
const LIVING: usize = 3;
const REQUESTS: usize = 300;
const ROUNDS: usize = 5;
/// A new pod is listed within this time, in seconds.
const LISTED_SECONDS: f64 = 2.0;
/// Lines of each log of the merged follow.
const LINES: u64 = 400;
const LINES_A_SECOND: u32 = 20;
/// How long a node is away.
const AWAY: Duration = Duration::from_secs(5);
/// The time limit for the last lines to arrive.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut cluster = Cluster::start(stage, services, NODES, fill).await?;
    report.figure("cluster: until 10,000 pods are known", seconds(cluster.seconds_to_sync));
    let pods = listed(&cluster, "/pods").await?;
    ensure!(pods == NODES * PODS_EACH, "the front lists {pods} pods");
    let memory = cluster.front_process.resident()? as f64;
    report.figure("cluster: memory of the front", mebibytes(memory));
    report.limit(
        "cluster: a new pod is listed / 2 s",
        [new_pod(&cluster).await?, LISTED_SECONDS],
        |seconds| format!("{seconds:.2} s"),
        Target::AtMost(1.0),
    );
    follow(&mut cluster, stage, services, &mut report).await?;
    let followers = Followers::start(&cluster, NODES)?;
    faults(&mut cluster, stage, services).await?;
    followers.report(&mut report).await?;
    reads(&mut cluster, services, &mut report).await?;
    Ok(report)
}

/// The pods of a node: each with a log of 4 KiB, one with an empty one that is followed.
fn fill(node: usize, logs: &Path) -> anyhow::Result<()> {
    let line = "2026-11-01T10:00:00.000000000Z stdout F some text of a line that says little\n";
    for pod in 1..PODS_EACH {
        write(logs, &format!("of-{node}-{pod}"), &line.repeat(4096 / line.len()))?;
    }
    write(logs, &format!("merged-{node}"), "").map(drop)
}

fn write(logs: &Path, pod: &str, content: &str) -> anyhow::Result<PathBuf> {
    let directory = logs.join(format!("default_{pod}_0b6c3d1e")).join("app");
    let file = directory.join("0.log");
    fs::create_dir_all(&directory)
        .and_then(|()| fs::write(&file, content))
        .with_context(|| format!("cannot write {file:?}"))?;
    Ok(file)
}

/// How many pods an answer lists.
async fn listed(cluster: &Cluster, path: &str) -> anyhow::Result<usize> {
    let list: Value = serde_json::from_slice(&cluster.get(path, "application/json").await?)?;
    Ok(list["pods"].as_array().map_or(0, Vec::len))
}

/// How long it takes until a new pod is listed, in seconds.
async fn new_pod(cluster: &Cluster) -> anyhow::Result<f64> {
    let begin = Instant::now();
    write(cluster.logs(LIVING), "newcomer", "")?;
    while listed(cluster, "/pods?pod=newcomer").await? == 0 {
        ensure!(begin.elapsed() < GRACE, "a new pod is not listed");
        sleep(Duration::from_millis(10)).await;
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// Small reads of a living node while all is well, and while one node is dead and one hangs.
async fn reads(
    cluster: &mut Cluster,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut well = Vec::new();
    latency(cluster).await?;
    for _ in 0..ROUNDS {
        well.push(latency(cluster).await?);
    }
    cluster.signal(KILLED, Signal::KILL, services)?;
    cluster.signal(STOPPED, Signal::STOP, services)?;
    let mut rounds = Rounds::default();
    for well in well {
        rounds.add(latency(cluster).await?, well);
    }
    report.rounds(
        "cluster: reads with two nodes away / with all",
        &rounds,
        microseconds,
        Target::AtMost(1.2),
    );
    // The heartbeat of each has been missed by now.
    sleep(AWAY).await;
    let list: Value = serde_json::from_slice(&cluster.get("/pods", "application/json").await?)?;
    let missing = list["missing"].as_array().map_or(0, Vec::len);
    report.limit(
        "cluster: nodes that a list names as missing / 2",
        [missing as f64, 2.0],
        |nodes| format!("{nodes:.0}"),
        Target::AtLeast(1.0),
    );
    cluster.signal(STOPPED, Signal::CONT, services)
}

/// The median of small reads, one after the other, in seconds.
async fn latency(cluster: &Cluster) -> anyhow::Result<f64> {
    let path = format!("/logs/of-{LIVING}-1?tail=50");
    let request = http::request("GET", &path, &cluster.token, &[]);
    let mut connection = cluster.connect().await?;
    let mut latencies = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let body = connection.ask_for_body(&request).await?;
        connection.read_to_end(body, |_| {}).await?;
        latencies.push(start.elapsed().as_secs_f64());
    }
    Ok(median(latencies))
}

/// What came over the merged follow.
#[derive(Default)]
struct MergedLines {
    /// The number of the next line of each pod.
    next: BTreeMap<String, u64>,
    lines: u64,
    misplaced: u64,
    gaps: u64,
    unreachable: u64,
    /// Of lines of nodes that were never away, in seconds.
    lags: Vec<f64>,
}

async fn follow(
    cluster: &mut Cluster,
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    let headers = [("Accept", "application/x-ndjson")];
    let request = http::request("GET", "/logs?pod=merged-*&follow=true", &cluster.token, &headers);
    let mut connection = cluster.connect().await?;
    let mut body = connection.ask_for_body(&request).await?;
    let files: Vec<File> =
        (0..NODES).map(|node| log_of(cluster, node)).collect::<Result<_, _>>()?;
    let (tell, written) = oneshot::channel();
    // Outside of the runtime that reads, as containers do.
    thread::spawn(move || tell.send(write_lines(files)));
    let end = Instant::now() + Duration::from_secs(LINES / u64::from(LINES_A_SECOND)) + GRACE;
    let mut merged = MergedLines::default();
    let expected = LINES * NODES as u64;
    let reading = async {
        let mut begun = Vec::new();
        while merged.lines < expected && body != Body::Ended {
            connection.read(&mut body, |part| begun.extend_from_slice(part)).await?;
            let Some(last) = memchr::memrchr(b'\n', &begun) else { continue };
            for record in begun[..last].split(|byte| *byte == b'\n') {
                merged.take(&serde_json::from_slice(record)?);
            }
            begun.drain(..=last);
        }
        anyhow::Ok(())
    };
    let faults = faults(cluster, stage, services);
    let (read, faults) = tokio::join!(timeout_at(end.into(), reading), faults);
    faults?;
    if let Ok(Err(error)) = read {
        report.note(format!("the merged follow failed: {error:#}"));
    }
    written.await.context("the writer has not ended")??;
    merged.report(expected, report);
    Ok(())
}

/// Kills one node and stops one, and has both again after a while.
async fn faults(
    cluster: &mut Cluster,
    stage: &Stage<'_>,
    services: &mut Services,
) -> anyhow::Result<()> {
    sleep(AWAY).await;
    cluster.signal(KILLED, Signal::KILL, services)?;
    cluster.signal(STOPPED, Signal::STOP, services)?;
    sleep(AWAY).await;
    cluster.signal(STOPPED, Signal::CONT, services)?;
    cluster.restart(KILLED, stage, services).await
}

fn log_of(cluster: &Cluster, node: usize) -> anyhow::Result<File> {
    let directory = cluster.logs(node).join(format!("default_merged-{node}_0b6c3d1e/app/0.log"));
    OpenOptions::new().append(true).open(directory).context("cannot append to a log")
}

/// Writes lines of a number and the time of writing, in microseconds since 1970.
fn write_lines(mut files: Vec<File>) -> anyhow::Result<()> {
    let start = Instant::now();
    for number in 0..LINES {
        let due = start + Duration::from_secs(number) / LINES_A_SECOND;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for file in &mut files {
            let now = clock::now().to_utc();
            let stamp = now.to_rfc3339_opts(SecondsFormat::Nanos, true);
            let line = format!("{stamp} stdout F {number} {}\n", now.timestamp_micros());
            file.write_all(line.as_bytes()).context("cannot write to a log")?;
        }
    }
    Ok(())
}

impl MergedLines {
    fn take(&mut self, record: &Value) {
        self.gaps += u64::from(record.get("gap").is_some());
        self.unreachable += u64::from(record["pod"]["event"] == "unreachable");
        let (Some(pod), Some(message)) = (record["pod"].as_str(), record["message"].as_str())
        else {
            return;
        };
        let mut words = message.split(' ').map(str::parse::<i64>);
        let (Some(Ok(number)), Some(Ok(written))) = (words.next(), words.next()) else {
            self.misplaced += 1;
            return;
        };
        let next = self.next.entry(pod.to_owned()).or_default();
        self.misplaced += u64::from(*next != number.cast_unsigned());
        *next = number.cast_unsigned() + 1;
        self.lines += 1;
        let was_away = [KILLED, STOPPED].map(|node| format!("merged-{node}"));
        if !was_away.iter().any(|name| name == pod) {
            let lag = clock::now().to_utc().timestamp_micros() - written;
            self.lags.push(lag as f64 / 1e6);
        }
    }

    fn report(mut self, expected: u64, report: &mut Report) {
        report.limit(
            "cluster: merged lines / written on 100 nodes",
            [self.lines as f64, expected as f64],
            |lines| format!("{lines:.0}"),
            Target::AtLeast(1.0),
        );
        self.lags.sort_by(f64::total_cmp);
        let rank = self.lags.len() * 99 / 100;
        let worst = self.lags.last().copied().unwrap_or(f64::INFINITY);
        report.limit(
            "cluster: lag of living nodes, longest / 1 s",
            [worst, 1.0],
            |seconds| format!("{seconds:.2} s"),
            Target::AtMost(1.0),
        );
        let p99 = self.lags.get(rank).copied().unwrap_or(f64::INFINITY);
        report.figure("cluster: lag of living nodes, p99", format!("{p99:.2} s"));
        if self.misplaced > 0 {
            report.note(format!("{} lines were lost, twice or out of order", self.misplaced));
        }
        report.figure("cluster: nodes told as unreachable", self.unreachable.to_string());
        if self.gaps > 0 {
            report.note(format!("{} gaps were told", self.gaps));
        }
    }
}
