//! `forward-auth`: a static file of 4 KiB behind nginx's `auth_request`, over 64 connections that
//! are kept alive.
//!
//! The peer is the same nginx whose check is a server of its own that answers 200 with an empty body
//! to everything. The file without any check stands beside them.

use anyhow::Context;
use local_services::services::Services;

use crate::{
    clients::load::{CONNECTIONS, Job, Load, Outcome},
    report::rounds::Rounds,
    report::table::{Report, Target, thousands_a_second},
    stage::nginx::Nginx,
    stage::services::Stage,
};

const FILE_BYTES: usize = 4096;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let pair = stage.start(services).await?;
    let content = "x".repeat(FILE_BYTES);
    let directory = stage.path("nginx");
    let nginx = Nginx::start(&directory, pair.sso_service, content.as_bytes(), 1).await?;
    let token = [pair.token.clone()];
    let job = |name, path| Job {
        name,
        address: nginx.address,
        method: "GET",
        path,
        tokens: &token,
        asker: None,
        status: 200,
    };
    let jobs = [job("checked", "/checked/"), job("constant", "/constant/"), job("open", "/open/")];
    let report =
        compare(&Load { directory: &stage.path("wrk"), connections: CONNECTIONS }, &jobs).await;
    nginx.stop().await.context("cannot stop nginx")?;
    report
}

async fn compare(load: &Load<'_>, jobs: &[Job<'_>; 3]) -> anyhow::Result<Report> {
    for job in jobs {
        load.put(job, 1).await?;
    }
    let mut report = Report::default();
    let [mut of_check, mut of_file] = <[Rounds; 2]>::default();
    for _ in 0..ROUNDS {
        let mut rates = [0.0; 3];
        for (rate, job) in rates.iter_mut().zip(jobs) {
            let Outcome { rate: measured, wrong, .. } = load.put(job, SECONDS).await?;
            *rate = measured;
            if wrong > 0 {
                report.note(format!("{}: {wrong} answers were not as they should be", job.name));
            }
        }
        let [checked, constant, open] = rates;
        of_check.add(checked, constant);
        of_file.add(checked, open);
    }
    let unit = thousands_a_second;
    report.rounds("forward-auth: check / constant 200", &of_check, unit, Target::AtLeast(0.7));
    report.rounds("forward-auth: check / no check", &of_file, unit, Target::None);
    Ok(report)
}
