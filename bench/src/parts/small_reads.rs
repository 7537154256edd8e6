//! `small-reads`: the last 50 lines of a log of 4 KiB, requested with 10,000 tokens in turn, over 16,
//! 64 and 256 connections that are kept alive.
//!
//! The peer is nginx, with a process for each of two cores as the gateway has workers: the same
//! bytes from a cache of open files, a buffered access log, and our own `/authz/nginx` as the
//! authority of `auth_request`. The Kubernetes log endpoint stands beside `/logs`.

use std::fs;

use anyhow::Context;
use local_services::services::Services;

use crate::{
    clients::load::{CONNECTIONS, Job, Load, Outcome},
    report::rounds::Rounds,
    report::table::{Report, Target, microseconds, thousands_a_second},
    stage::log_files,
    stage::nginx::Nginx,
    stage::services::Stage,
};

const LOG_BYTES: u64 = 4096;
const TOKENS: usize = 10_000;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;
const NGINX_PROCESSES: usize = 2;
/// How many connections, and the least ratio of our rate to nginx's.
const LOADS: [(usize, Target); 3] =
    [(16, Target::None), (CONNECTIONS, Target::AtLeast(1.2)), (256, Target::AtLeast(1.3))];

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = log_files::create(&stage.logs, "small", LOG_BYTES).await?;
    let content = fs::read(&log).with_context(|| format!("cannot read {log:?}"))?;
    let pair = stage.start(services).await?;
    let tokens = stage.mint(TOKENS).await?;
    let directory = stage.path("nginx-of-small-reads");
    let nginx = Nginx::start(&directory, pair.sso_service, &content, NGINX_PROCESSES).await?;
    let job = |name, address, path| Job {
        name,
        address,
        method: "GET",
        path,
        tokens: &tokens,
        asker: None,
        status: 200,
    };
    let kubernetes = "/api/v1/namespaces/default/pods/small/log?tailLines=50";
    let jobs = [
        job("small-logs", pair.gateway, "/logs/small?tail=50"),
        job("small-nginx", nginx.address, "/kept/file"),
        job("small-kubernetes", pair.gateway, kubernetes),
    ];
    let mut report = Report::default();
    for (connections, target) in LOADS {
        let load = Load { directory: &stage.path("wrk"), connections };
        compare(&load, &jobs, target, &mut report).await?;
    }
    nginx.stop().await.context("cannot stop nginx")?;
    Ok(report)
}

async fn compare(
    load: &Load<'_>,
    jobs: &[Job<'_>; 3],
    target: Target,
    report: &mut Report,
) -> anyhow::Result<()> {
    for job in jobs {
        load.put(job, 1).await?;
    }
    let [mut of_rate, mut of_p99, mut of_kubernetes] = <[Rounds; 3]>::default();
    for _ in 0..ROUNDS {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = load.put(job, SECONDS).await?;
            if outcome.wrong > 0 {
                let Outcome { wrong, .. } = outcome;
                report.note(format!("{}: {wrong} answers were not as they should be", job.name));
            }
            outcomes.push(outcome);
        }
        let [logs, nginx, kubernetes] = outcomes[..] else { continue };
        of_rate.add(logs.rate, nginx.rate);
        of_kubernetes.add(kubernetes.rate, logs.rate);
        if let (Some(ours), Some(peer)) = (logs.p99, nginx.p99) {
            of_p99.add(ours, peer);
        }
    }
    let row = |job: &str| format!("small-reads {}: {job}", load.connections);
    report.rounds(&row("logs / nginx"), &of_rate, thousands_a_second, target);
    if !of_p99.ratios().is_empty() {
        report.rounds(&row("p99, logs / nginx"), &of_p99, microseconds, Target::AtMost(1.0));
    }
    let kubernetes = &row("kubernetes / logs");
    report.rounds(kubernetes, &of_kubernetes, thousands_a_second, Target::AtLeast(0.9));
    Ok(())
}
