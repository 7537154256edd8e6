//! `start`: the time from the start of each binary to its first answer, and its memory then.
//!
//! The peers are limits: 50 ms and 16 MiB. The database is there and has a user, as at every start
//! but the first one.

use std::time::Instant;

use anyhow::Context;
use local_services::{endpoint::Endpoint, services::Services};
use tokio::process::Command;

use crate::{
    report::rounds::Rounds,
    report::table::{Report, Target, mebibytes, microseconds},
    stage::process::Process,
    stage::services::Stage,
};

const ROUNDS: usize = 11;
const START_SECONDS: f64 = 0.05;
const MEMORY: f64 = 16.0 * 1024.0 * 1024.0;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let home = stage.path("");
    let pair = stage.start(services).await?;
    let authority = Endpoint { address: pair.sso_service, certificates: None };
    let mut report = Report::default();
    // A second instance on the same database would be refused.
    let gateway = || stage.gateway(&authority);
    rounds("logs-gateway", gateway, stage, &mut report).await?;
    services.stop().await;
    rounds("sso-service", || stage.sso_service(&home), stage, &mut report).await?;
    Ok(report)
}

async fn rounds(
    name: &str,
    command: impl Fn() -> Command,
    stage: &Stage<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [mut times, mut memory] = <[Rounds; 2]>::default();
    for _ in 0..ROUNDS {
        let mut services = Services::new(&stage.path(""));
        let start = Instant::now();
        let started = services.start(name, command()).await;
        let seconds = start.elapsed().as_secs_f64();
        let resident =
            services.id(name).context("it has ended").and_then(|id| Process(id).resident());
        services.stop().await;
        started?;
        times.add(seconds, START_SECONDS);
        memory.add(resident? as f64, MEMORY);
    }
    let at_most = Target::AtMost(1.0);
    report.rounds(&format!("start: {name} / 50 ms"), &times, microseconds, at_most);
    report.rounds(&format!("start: memory of {name} / 16 MiB"), &memory, mebibytes, at_most);
    Ok(())
}
