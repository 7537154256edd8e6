//! `instances`: several instances on PostgreSQL.
//!
//! A log-out is answered when every instance has confirmed it: the time that takes with 1, 2 and 5
//! instances, against one on SQLite. Validations come from the memory of an instance: their rate
//! on PostgreSQL, against SQLite.

use std::{fs, net::SocketAddr, time::Instant};

use anyhow::{Context, ensure};
use local_services::services::Services;

use crate::{
    clients::http::{self, Connection, Head},
    clients::load::{CONNECTIONS, Job, Load},
    report::rounds::Rounds,
    report::table::{Report, Target, microseconds, thousands_a_second},
    stage::postgres::Postgres,
    stage::services::Stage,
};

const ON_SQLITE: &str = "sso-service-sqlite";
const NAMES: [&str; 5] =
    ["sso-service-1", "sso-service-2", "sso-service-3", "sso-service-4", "sso-service-5"];
/// How many instances there are when log-outs are measured.
const COUNTS: [usize; 3] = [1, 2, 5];
/// Log-outs in a round.
const LOG_OUTS: usize = 300;
const TOKENS: usize = 1000;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let postgres = Postgres::start().await?;
    let report = measure_on(&postgres.url(), stage, services).await;
    // The instances leave the table before the server goes.
    services.stop().await;
    postgres.stop().await.context("cannot stop PostgreSQL")?;
    report
}

/// An instance, and the URL of its database.
#[derive(Clone, Copy)]
struct Instance<'a> {
    address: SocketAddr,
    url: &'a str,
}

async fn measure_on(
    url: &str,
    stage: &Stage<'_>,
    services: &mut Services,
) -> anyhow::Result<Report> {
    let home = stage.path("instances");
    fs::create_dir_all(&home).with_context(|| format!("cannot create {home:?}"))?;
    let sqlite = format!("sqlite://{}", home.join("sso.db").display());
    let mut start = async |name, url| {
        let mut command = stage.sso_service(&home);
        command.env("SSO_DATABASE_URL", url);
        let address = services.start(name, command).await?.listening;
        anyhow::Ok(Instance { address, url })
    };
    let mut report = Report::default();
    let on_sqlite = start(ON_SQLITE, &sqlite).await?;
    let first = start(NAMES[0], url).await?;
    compare_validations(&mut report, stage, [first, on_sqlite]).await?;
    let mut started = 1;
    for count in COUNTS {
        for name in &NAMES[started..count] {
            start(name, url).await?;
        }
        started = count;
        compare_log_outs(&mut report, stage, [first, on_sqlite], count).await?;
    }
    Ok(report)
}

/// Log-outs at the first of so many instances, which all confirm them, against SQLite.
async fn compare_log_outs(
    report: &mut Report,
    stage: &Stage<'_>,
    [ours, peer]: [Instance<'_>; 2],
    count: usize,
) -> anyhow::Result<()> {
    let minted = ROUNDS * LOG_OUTS;
    let tokens = [stage.mint_on(ours.url, minted).await?, stage.mint_on(peer.url, minted).await?];
    let [mut middle, mut slowest] = <[Rounds; 2]>::default();
    for (of_ours, of_peer) in tokens[0].chunks(LOG_OUTS).zip(tokens[1].chunks(LOG_OUTS)) {
        let ours = log_outs(ours.address, of_ours).await?;
        let peer = log_outs(peer.address, of_peer).await?;
        middle.add(percentile(&ours, 0.5), percentile(&peer, 0.5));
        slowest.add(percentile(&ours, 0.99), percentile(&peer, 0.99));
    }
    for (name, rounds) in [("p50", middle), ("p99", slowest)] {
        let job = format!("instances: log-out, {count} / SQLite, {name}");
        report.rounds(&job, &rounds, microseconds, Target::None);
    }
    Ok(())
}

/// The times that log-outs take, one after the other, in ascending order.
async fn log_outs(address: SocketAddr, tokens: &[String]) -> anyhow::Result<Vec<f64>> {
    let mut connection = Connection::open(address, 4096).await?;
    let mut times = Vec::new();
    for token in tokens {
        let request = http::request("POST", "/auth/logout", token, &[]);
        let sent = Instant::now();
        let Head { status, .. } = connection.ask(&request).await?;
        times.push(sent.elapsed().as_secs_f64());
        ensure!(status == 204, "a log-out was answered with {status}");
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn percentile(ascending: &[f64], share: f64) -> f64 {
    ascending[((ascending.len() - 1) as f64 * share) as usize]
}

async fn compare_validations(
    report: &mut Report,
    stage: &Stage<'_>,
    [ours, peer]: [Instance<'_>; 2],
) -> anyhow::Result<()> {
    let load = Load { directory: &stage.path("wrk"), connections: CONNECTIONS };
    let tokens = [stage.mint_on(ours.url, TOKENS).await?, stage.mint_on(peer.url, TOKENS).await?];
    let job = |name, address, tokens| Job {
        name,
        address,
        method: "POST",
        path: "/auth/validate",
        tokens,
        asker: None,
        status: 200,
    };
    let jobs = [job("postgres", ours.address, &tokens[0]), job("sqlite", peer.address, &tokens[1])];
    for job in &jobs {
        load.put(job, 1).await?;
    }
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let [ours, peer] = [load.put(&jobs[0], SECONDS).await?, load.put(&jobs[1], SECONDS).await?];
        if ours.wrong + peer.wrong > 0 {
            report.note(format!("{} wrong answers", ours.wrong + peer.wrong));
        }
        rounds.add(ours.rate, peer.rate);
    }
    let name = "instances: validate, PostgreSQL / SQLite";
    report.rounds(name, &rounds, thousands_a_second, Target::AtLeast(0.95));
    Ok(())
}
