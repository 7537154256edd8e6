//! `sessions`: a service with 1,000,000 sessions: the time of its start, and its memory.
//!
//! The peers are limits: 3 s, and 200 bytes a session beyond what the service takes without any,
//! all indexes included.

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::Instant,
};

use anyhow::{Context, ensure};
use local_services::services::Services;

use crate::{
    report::table::{Report, Target, bytes, seconds, thousands_a_second},
    stage::process::Process,
    stage::services::Stage,
};

const SESSIONS: usize = 1_000_000;
const BYTES_EACH: f64 = 200.0;
const START_SECONDS: f64 = 3.0;
const NAME: &str = "sso-service";

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    // A database of its own, so that no other bench runs with a million sessions.
    let home = stage.path("sessions");
    fs::create_dir_all(&home).with_context(|| format!("cannot create {home:?}"))?;
    let (_, without) = start(stage, services, &home).await?;
    services.stop().await;
    let minting = mint(stage, &home).await?;
    let mut services = Services::new(&home);
    let started = start(stage, &mut services, &home).await;
    services.stop().await;
    let (starting, with) = started?;

    let mut report = Report::default();
    let rate = thousands_a_second(SESSIONS as f64 / minting);
    report.figure("sessions: minted from the shell", rate);
    let each = with.saturating_sub(without) as f64 / SESSIONS as f64;
    let at_most = Target::AtMost(1.0);
    report.limit("sessions: memory of each of 1,000,000", [each, BYTES_EACH], bytes, at_most);
    report.limit("sessions: start with 1,000,000", [starting, START_SECONDS], seconds, at_most);
    Ok(report)
}

/// Starts the service. Gives the time in seconds and the memory in bytes.
async fn start(
    stage: &Stage<'_>,
    services: &mut Services,
    home: &Path,
) -> anyhow::Result<(f64, u64)> {
    let command = stage.sso_service(home);
    let start = Instant::now();
    services.start(NAME, command).await?;
    let seconds = start.elapsed().as_secs_f64();
    let id = services.id(NAME).context("sso-service has ended")?;
    Ok((seconds, Process(id).resident()?))
}

/// Mints the sessions. Gives the time in seconds.
async fn mint(stage: &Stage<'_>, home: &Path) -> anyhow::Result<f64> {
    let mut command = stage.minting(home, SESSIONS);
    command.stdin(Stdio::null()).stdout(File::create(home.join("tokens"))?);
    let start = Instant::now();
    let status = command.status().await.context("cannot run sso-service admin")?;
    ensure!(status.success(), "cannot mint sessions: {status}");
    Ok(start.elapsed().as_secs_f64())
}
