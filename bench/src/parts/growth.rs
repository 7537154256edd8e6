//! `growth`: how cost grows with what there is. Each curve should be level or proportional.
//!
//! - validations a second with 1, 1,000 and 1,000,000 sessions;
//! - small reads a second with 10, 1,000 and 100,000 pods in the log directory;
//! - the time for the last 100 lines of logs of 64 KiB to 1 GiB;
//! - memory with up to 18,000 idle followers, and how much one more takes;
//! - commits a second beside log-ins a second, with 1 to 16 clients that log in.

use std::{fs, time::Duration, time::Instant};

use anyhow::{Context, ensure};
use local_services::services::Services;
use tokio::task::JoinSet;

use crate::{
    clients::{
        http::{self, Body, Connection, Head},
        load::{CONNECTIONS, Job, Load},
    },
    report::{
        curve::{Curve, CurveLine},
        rounds::median,
        table::{Report, Target, bytes, mebibytes, microseconds, thousands_a_second},
    },
    stage::{
        log_files,
        services::{Pair, Stage},
    },
};

const SESSIONS: [usize; 3] = [1, 1_000, 1_000_000];
/// Tokens that are used in turn.
const TOKENS: usize = 10_000;
const PODS: [usize; 3] = [10, 1_000, 100_000];
const LOG_BYTES: [u64; 4] = [64 << 10, 1 << 20, 32 << 20, 1 << 30];
const FOLLOWERS: [usize; 4] = [1_000, 4_000, 9_000, 18_000];
/// For one more follower, in bytes.
const FOLLOWER_BYTES: f64 = 2.5 * 1024.0;
const CLIENTS: [usize; 3] = [1, 4, 16];
const SECONDS: u64 = 4;
const REQUESTS: usize = 300;
const BUFFER_BYTES: usize = 16 * 1024;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let mut report = Report::default();
    with_sizes(stage, services, &mut report).await?;
    with_followers(stage, services, &mut report).await?;
    with_log_ins(stage, services, &mut report).await?;
    with_sessions(stage, services, &mut report).await?;
    with_pods(stage, services, &mut report).await?;
    Ok(report)
}

/// Starts both services anew.
async fn restart(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Pair> {
    services.stop().await;
    *services = Services::new(&stage.path(""));
    stage.start(services).await
}

async fn with_sizes(
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    let pair = restart(stage, services).await?;
    let mut points = Vec::new();
    for bytes in LOG_BYTES {
        let pod = format!("of-{bytes}");
        let log = log_files::create(&stage.logs, &pod, bytes).await?;
        let request = pair.text_request(&format!("/logs/{pod}?tailLines=100"));
        let mut connection = Connection::open(pair.gateway, BUFFER_BYTES).await?;
        let mut latencies = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let start = Instant::now();
            let body = connection.ask_for_body(&request).await?;
            connection.read_to_end(body, |_| {}).await?;
            latencies.push(start.elapsed().as_secs_f64());
        }
        fs::remove_file(&log).with_context(|| format!("cannot remove {log:?}"))?;
        let latency = median(latencies);
        report.figure(&format!("growth: tail of {} KiB", bytes >> 10), microseconds(latency));
        points.push((bytes as f64, latency * 1e6));
    }
    report.curve(Curve {
        name: "tail-by-size",
        title: "The last 100 lines of a log",
        across: "bytes of the log",
        up: "microseconds, p50",
        lines: vec![CurveLine { label: "tail", points }],
    });
    Ok(())
}

async fn with_followers(
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    log_files::create(&stage.logs, "followed", 200).await?;
    let pair = restart(stage, services).await?;
    let before = pair.gateway_process.resident()?;
    let (mut followers, mut points) = (Vec::new(), Vec::new());
    for count in FOLLOWERS {
        while followers.len() < count {
            followers.push(follow(&pair).await?);
        }
        let memory = pair.gateway_process.resident()?.saturating_sub(before) as f64;
        report.figure(&format!("growth: memory with {count} followers"), mebibytes(memory));
        points.push((count as f64, memory / 1024.0));
    }
    if let [.., (fewer, less), (more, most)] = points[..] {
        let each = (most - less) * 1024.0 / (more - fewer);
        let job = "growth: memory of one more follower / 2.5 KiB";
        report.limit(job, [each, FOLLOWER_BYTES], bytes, Target::AtMost(1.0));
    }
    report.curve(Curve {
        name: "memory-by-followers",
        title: "Memory with idle followers of one log",
        across: "followers",
        up: "KiB more than without",
        lines: vec![CurveLine { label: "memory", points }],
    });
    Ok(())
}

/// A connection that follows a log, of which it got a line.
async fn follow(pair: &Pair) -> anyhow::Result<Connection> {
    let request = pair.text_request("/logs/followed?follow=true&tailLines=1");
    let mut connection = Connection::open(pair.gateway, 4096).await?;
    let mut body = connection.ask_for_body(&request).await?;
    let mut first = Vec::new();
    while !first.ends_with(b"\n") {
        connection.read(&mut body, |content| first.extend_from_slice(content)).await?;
        ensure!(body != Body::Ended, "the log that is followed has ended");
    }
    Ok(connection)
}

async fn with_log_ins(
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    let pair = restart(stage, services).await?;
    let (mut log_ins, mut commits) = (Vec::new(), Vec::new());
    for clients in CLIENTS {
        let before = commits_of(&pair).await?;
        let start = Instant::now();
        let done = log_in_for(&pair, stage, clients, Duration::from_secs(SECONDS)).await?;
        let seconds = start.elapsed().as_secs_f64();
        let committed = commits_of(&pair).await? - before;
        let figure = format!("{:.0}/s, {:.0}/s", done as f64 / seconds, committed / seconds);
        report.figure(&format!("growth: log-ins, commits, {clients} clients"), figure);
        log_ins.push((clients as f64, done as f64 / seconds));
        commits.push((clients as f64, committed / seconds));
    }
    report.curve(Curve {
        name: "commits-by-clients",
        title: "Log-ins and commits of the database",
        across: "clients that log in",
        up: "per second",
        lines: vec![
            CurveLine { label: "log-ins", points: log_ins },
            CurveLine { label: "commits", points: commits },
        ],
    });
    Ok(())
}

/// Logs in with this number of clients for this long, and counts the log-ins.
async fn log_in_for(
    pair: &Pair,
    stage: &Stage<'_>,
    clients: usize,
    time: Duration,
) -> anyhow::Result<u64> {
    let request = http::request_with_body(
        "/auth/login",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        &format!("username={}&password={}", stage.user.name, stage.user.password),
    );
    let end = Instant::now() + time;
    let mut logging_in = JoinSet::new();
    for _ in 0..clients {
        let mut connection = Connection::open(pair.sso_service, BUFFER_BYTES).await?;
        let request = request.clone();
        logging_in.spawn(async move {
            let mut done = 0;
            while Instant::now() < end {
                let Head { status, body } = connection.ask(&request).await?;
                connection.read_to_end(body, |_| {}).await?;
                // 503: too many wait for a hash.
                ensure!(status == 200 || status == 503, "a log-in was answered with {status}");
                done += u64::from(status == 200);
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(of_client) = logging_in.join_next().await {
        done += of_client??;
    }
    Ok(done)
}

/// How many commits there were.
async fn commits_of(pair: &Pair) -> anyhow::Result<f64> {
    let request = http::request("GET", "/metrics", "", &[]);
    let mut connection = Connection::open(pair.sso_ops, 4096).await?;
    let body = connection.ask_for_body(&request).await?;
    let mut text = Vec::new();
    connection.read_to_end(body, |part| text.extend_from_slice(part)).await?;
    let text = String::from_utf8(text).context("the metrics are not UTF-8")?;
    let count = text.lines().find_map(|line| line.strip_prefix("store_commit_seconds_count "));
    count.and_then(|count| count.parse().ok()).context("there is no count of commits")
}

async fn with_sessions(
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut points, mut tokens) = (Vec::new(), Vec::new());
    for sessions in SESSIONS {
        services.stop().await;
        tokens.extend(stage.mint(sessions - tokens.len()).await?);
        let pair = restart(stage, services).await?;
        let used = &tokens[tokens.len().saturating_sub(TOKENS)..];
        let job = Job {
            name: "growth-sessions",
            address: pair.sso_service,
            method: "POST",
            path: "/auth/validate",
            tokens: used,
            asker: None,
            status: 200,
        };
        let rate = rate_of(stage, &job).await?;
        let row = format!("growth: validate, {sessions} sessions");
        report.figure(&row, thousands_a_second(rate));
        points.push((sessions as f64, rate));
    }
    report.curve(Curve {
        name: "validations-by-sessions",
        title: "Validations with so many sessions",
        across: "sessions",
        up: "validations per second",
        lines: vec![CurveLine { label: "validate", points }],
    });
    Ok(())
}

async fn with_pods(
    stage: &Stage<'_>,
    services: &mut Services,
    report: &mut Report,
) -> anyhow::Result<()> {
    log_files::create(&stage.logs, "small", 4096).await?;
    let tokens = stage.mint(1_000).await?;
    let (mut points, mut made) = (Vec::new(), 0);
    for pods in PODS {
        while made < pods {
            let directory = stage.logs.join(format!("default_one-of-many-{made}_1d")).join("app");
            fs::create_dir_all(&directory)
                .and_then(|()| fs::write(directory.join("0.log"), ""))
                .with_context(|| format!("cannot make {directory:?}"))?;
            made += 1;
        }
        let pair = restart(stage, services).await?;
        let job = Job {
            name: "growth-pods",
            address: pair.gateway,
            method: "GET",
            path: "/logs/small?tail=50",
            tokens: &tokens,
            asker: None,
            status: 200,
        };
        let rate = rate_of(stage, &job).await?;
        report.figure(&format!("growth: small reads, {pods} pods"), thousands_a_second(rate));
        points.push((pods as f64, rate));
    }
    report.curve(Curve {
        name: "reads-by-pods",
        title: "Small reads with so many pods in the log directory",
        across: "pods",
        up: "reads per second",
        lines: vec![CurveLine { label: "reads", points }],
    });
    Ok(())
}

/// The rate after a warm-up.
async fn rate_of(stage: &Stage<'_>, job: &Job<'_>) -> anyhow::Result<f64> {
    let load = Load { directory: &stage.path("wrk"), connections: CONNECTIONS };
    load.put(job, 1).await?;
    let outcome = load.put(job, SECONDS).await?;
    ensure!(outcome.wrong == 0, "{}: {} wrong answers", job.name, outcome.wrong);
    Ok(outcome.rate)
}
