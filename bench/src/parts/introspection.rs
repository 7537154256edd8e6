//! `introspection`: `POST /oauth/introspect` about 10,000 tokens in turn, over 64 connections that are
//! kept alive, with the client on the same cores.
//!
//! The peers are limits: 40,000 answers a second, and 5 ms for the 99th percentile.

use local_services::services::Services;

use crate::{
    clients::load::{CONNECTIONS, Job, Load},
    report::rounds::Rounds,
    report::table::{Report, Target, microseconds, thousands_a_second},
    stage::services::Stage,
};

const TOKENS: usize = 10_000;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;
const RATE: f64 = 40_000.0;
const P99_SECONDS: f64 = 0.005;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let pair = stage.start(services).await?;
    let tokens = stage.mint(TOKENS).await?;
    let job = Job {
        name: "introspect",
        address: pair.sso_service,
        method: "POST",
        path: "/oauth/introspect",
        tokens: &tokens,
        asker: Some(&pair.token),
        status: 200,
    };
    let load = Load { directory: &stage.path("wrk"), connections: CONNECTIONS };
    load.put(&job, 1).await?;
    let mut report = Report::default();
    let [mut rates, mut latencies] = <[Rounds; 2]>::default();
    for _ in 0..ROUNDS {
        let outcome = load.put(&job, SECONDS).await?;
        rates.add(outcome.rate, RATE);
        if let Some(p99) = outcome.p99 {
            latencies.add(p99, P99_SECONDS);
        }
        if outcome.wrong > 0 {
            report.note(format!("{} answers were not as they should be", outcome.wrong));
        }
    }
    let unit = thousands_a_second;
    report.rounds("introspection: answers / 40,000 a second", &rates, unit, Target::AtLeast(1.0));
    if !latencies.ratios().is_empty() {
        let at_most = Target::AtMost(1.0);
        report.rounds("introspection: p99 / 5 ms", &latencies, microseconds, at_most);
    }
    Ok(report)
}
