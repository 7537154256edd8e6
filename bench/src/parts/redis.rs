//! `redis`: validations whose live tokens are in Redis, over 64 connections that are kept alive.
//!
//! The peer is `redis-benchmark` that reads as many keys of the same size from the same server, one
//! `GET` at a time over each of 64 connections, and for batches as many in a pipeline as a batch has
//! tokens. The same validations from memory are shown as well, also by a service with one worker, as
//! Redis has one.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context, ensure};
use local_services::services::Services;

use crate::{
    clients::load::{CONNECTIONS, Job, Load, Outcome, put_batches},
    report::rounds::Rounds,
    report::table::{Report, Target, thousands_a_second},
    stage::redis::Redis,
    stage::services::Stage,
};

const TOKENS: usize = 10_000;
/// The greatest number of tokens in a request.
const BATCH: usize = 64;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;
const GETS: u64 = 300_000;
const PIPELINED_GETS: u64 = 4_000_000;

/// A running service, and tokens that are valid there.
struct Authority {
    address: SocketAddr,
    tokens: Vec<String>,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let redis = Redis::start().await?;
    redis.fill().await?;
    let url = format!("redis://{}", redis.address);
    let authorities = [
        start(stage, services, "sso-service", [("SSO_SESSION_STORE", &url)]).await?,
        start(stage, services, "sso-service-in-memory", []).await?,
        start(stage, services, "sso-service-of-one-worker", [("SSO_WORKERS", "1")]).await?,
    ];
    let report = compare(&stage.path("wrk"), &redis, &authorities).await;
    redis.stop().await.context("cannot stop redis-server")?;
    report
}

async fn start<const N: usize>(
    stage: &Stage<'_>,
    services: &mut Services,
    name: &'static str,
    settings: [(&str, &str); N],
) -> anyhow::Result<Authority> {
    let home = stage.path(name);
    fs::create_dir_all(&home).with_context(|| format!("cannot create {home:?}"))?;
    let mut command = stage.sso_service(&home);
    command.envs(settings);
    let address = services.start(name, command).await?.listening;
    let output = stage.minting(&home, TOKENS).output().await.context("cannot mint sessions")?;
    ensure!(output.status.success(), "cannot mint sessions");
    let tokens = String::from_utf8(output.stdout).context("a token is not UTF-8")?;
    Ok(Authority { address, tokens: tokens.lines().map(str::to_owned).collect() })
}

async fn compare(
    directory: &Path,
    redis: &Redis,
    [shared, own, of_one_worker]: &[Authority; 3],
) -> anyhow::Result<Report> {
    let load = Load { directory, connections: CONNECTIONS };
    let job = |name, authority| validations(name, authority);
    let jobs = [
        job("validate-redis", shared),
        job("validate-memory", own),
        job("validate-one-worker", of_one_worker),
    ];
    for job in &jobs {
        load.put(job, 1).await?;
    }
    let mut report = Report::default();
    let [mut of_one, mut of_batches, mut of_pipelines] = <[Rounds; 3]>::default();
    let [mut of_memory, mut of_one_worker] = <[Rounds; 2]>::default();
    for _ in 0..ROUNDS {
        let gets = redis.gets(GETS, 1).await?;
        let pipelined = redis.gets(PIPELINED_GETS, BATCH).await?;
        let mut rates = [0.0; 3];
        for (rate, job) in rates.iter_mut().zip(&jobs) {
            *rate = right(load.put(job, SECONDS).await?, job.name, &mut report);
        }
        let batches = put_batches(shared.address, &shared.tokens, BATCH, SECONDS).await?;
        let batches = right(batches, "batches", &mut report) * BATCH as f64;
        of_one.add(rates[0], gets);
        of_batches.add(batches, gets);
        of_pipelines.add(batches, pipelined);
        of_memory.add(rates[0], rates[1]);
        of_one_worker.add(rates[2], gets);
    }
    let unit = thousands_a_second;
    report.rounds("redis: tokens in batches / GET", &of_batches, unit, Target::AtLeast(0.7));
    report.rounds("redis: tokens in batches / GET -P 64", &of_pipelines, unit, Target::None);
    report.rounds("redis: validate / GET", &of_one, unit, Target::None);
    report.rounds("redis: validate / from memory", &of_memory, unit, Target::None);
    let job = "redis: validate from memory, one worker / GET";
    report.rounds(job, &of_one_worker, unit, Target::AtLeast(0.9));
    Ok(report)
}

fn validations<'a>(name: &'a str, authority: &'a Authority) -> Job<'a> {
    Job {
        name,
        address: authority.address,
        method: "POST",
        path: "/auth/validate",
        tokens: &authority.tokens,
        asker: None,
        status: 200,
    }
}

/// The rate, with a note if answers were wrong.
fn right(Outcome { rate, wrong, .. }: Outcome, name: &str, report: &mut Report) -> f64 {
    if wrong > 0 {
        report.note(format!("{name}: {wrong} answers were not as they should be"));
    }
    rate
}
