//! `requests`: small requests a second over 64 connections that are kept alive.
//!
//! The peer of `POST /auth/validate` is a path that `sso-service` does not have: the same edge,
//! which reads, logs and answers alike, without the work. The peer of `GET /logs/{pod}`, a log of
//! 4 KiB, is `POST /auth/validate`, which each such request costs.

use super::{
    load::{Job, Load},
    log_files,
    rounds::Rounds,
    stage::Stage,
    table::{Report, Target, thousands_a_second},
};
use crate::services::Services;

const LOG_BYTES: u64 = 4096;
const ROUNDS: usize = 3;
const SECONDS: u64 = 5;

pub(super) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    log_files::create(&stage.logs, "small", LOG_BYTES).await?;
    let pair = stage.start(services).await?;
    let job = |name, address, method, path, status| Job {
        name,
        address,
        method,
        path,
        token: &pair.token,
        status,
    };
    let logs = job("logs", pair.gateway, "GET", "/logs/small", 200);
    let validate = job("validate", pair.sso_service, "POST", "/auth/validate", 200);
    let nowhere = job("nowhere", pair.sso_service, "POST", "/auth/nowhere", 404);
    let load = Load { directory: &stage.path("wrk") };
    for job in [&logs, &validate, &nowhere] {
        load.put(job, 1).await?;
    }
    let (mut of_logs, mut of_validate) = (Rounds::default(), Rounds::default());
    let mut report = Report::default();
    for _ in 0..ROUNDS {
        let [nowhere, validate, logs] = [
            load.put(&nowhere, SECONDS).await?,
            load.put(&validate, SECONDS).await?,
            load.put(&logs, SECONDS).await?,
        ];
        of_validate.add(validate.rate, nowhere.rate);
        of_logs.add(logs.rate, validate.rate);
        for (name, outcome) in [("404", nowhere), ("validate", validate), ("logs", logs)] {
            if outcome.wrong > 0 {
                report
                    .note(format!("{name}: {} answers were not as they should be", outcome.wrong));
            }
        }
    }
    let unit = thousands_a_second;
    report.rounds("requests: POST /auth/validate / 404", &of_validate, unit, Target::None);
    report.rounds("requests: GET /logs/{pod} / validate", &of_logs, unit, Target::None);
    Ok(report)
}
