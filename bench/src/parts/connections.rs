//! `connections`: clients without an account that send requests and read no answer, and others that
//! only connect: the memory they cost `sso-service`, and the latency of validate meanwhile.
//!
//! The peers are limits: 64 MiB, and 100 ms for the 99th percentile.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use local_services::services::Services;

use crate::{
    clients::{probe::Probe, strangers::Strangers},
    report::table::{Report, Target, mebibytes, microseconds},
    stage::{process::Process, services::Stage},
};

/// Connections that send requests of [`SENT_BYTES`] together and read nothing.
const PIPELINING: usize = 400;
const SENT_BYTES: usize = 300_000;
const REQUEST: &[u8] = b"GET /login HTTP/1.1\r\nHost: bench\r\n\r\n";
/// Connections that send nothing.
const IDLE: usize = 2_000;
const PROBED: Duration = Duration::from_secs(4);
const MEMORY: f64 = 64.0 * 1024.0 * 1024.0;
const P99_SECONDS: f64 = 0.1;

/// The service under attack.
struct Attacked {
    address: SocketAddr,
    process: Process,
    probe: Probe,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let pair = stage.start(services).await?;
    let process = Process(services.id("sso-service").context("sso-service has ended")?);
    let probe = Probe { address: pair.sso_service, token: pair.token };
    let attacked = Attacked { address: pair.sso_service, process, probe };

    let mut report = Report::default();
    let quiet = attacked.probe.p99(PROBED).await?;
    report.figure("connections: p99 of validate without", microseconds(quiet));
    attacked.measure("idle", IDLE, Arc::from([]), &mut report).await?;
    let requests = REQUEST.repeat(SENT_BYTES / REQUEST.len());
    attacked.measure("unread", PIPELINING, requests.into(), &mut report).await?;
    Ok(report)
}

impl Attacked {
    async fn measure(
        &self,
        name: &str,
        count: usize,
        bytes: Arc<[u8]>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let memory_before = self.process.resident()?;
        let strangers = Strangers::connect(self.address, count, bytes).await?;
        let p99 = self.probe.p99(PROBED).await?;
        let growth = self.process.resident()?.saturating_sub(memory_before) as f64;
        drop(strangers);
        let at_most = Target::AtMost(1.0);
        let job = |figure| format!("connections: {figure} of {count} {name}");
        report.limit(&job("memory"), [growth, MEMORY], mebibytes, at_most);
        report.limit(&job("p99"), [p99, P99_SECONDS], microseconds, at_most);
        Ok(())
    }
}
