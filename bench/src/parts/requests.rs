//! `requests`: small requests a second over 64 connections that are kept alive.
//!
//! The peer of `POST /auth/validate` is bare actix that gives the same JSON without any work. The
//! peer of `GET /logs/{pod}`, a log of 4 KiB requested with 10,000 tokens in turn, is a gateway
//! that makes a call to the authority for each request; the rate of the authority alone is shown
//! beside it.

use anyhow::{Context, ensure};
use local_services::services::Services;

use crate::{
    clients::http::{self, Connection},
    clients::load::{CONNECTIONS, Job, Load, Outcome},
    report::rounds::Rounds,
    report::table::{Report, Target, thousands_a_second},
    stage::log_files,
    stage::no_batches::NoBatches,
    stage::services::{Pair, Stage},
};

const LOG_BYTES: u64 = 4096;
const TOKENS: usize = 10_000;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    log_files::create(&stage.logs, "small", LOG_BYTES).await?;
    let nobody = NoBatches::start()?;
    let authority = nobody.address;
    let one_by_one = stage.start_gateway("logs-gateway-one-by-one", authority, services).await?;
    nobody.disable_batches(one_by_one.listening).await?;
    let pair = stage.start_at(authority.to_string(), services).await?;
    let answer = validation(&pair).await?;
    let bare = services.start("bare-actix", stage.bare_actix(&answer)).await?;

    let one = [pair.token.clone()];
    let many = stage.mint(TOKENS).await?;
    let validate = |name, address, tokens| Job {
        name,
        address,
        method: "POST",
        path: "/auth/validate",
        tokens,
        asker: None,
        status: 200,
    };
    let logs = |name, address| Job {
        name,
        address,
        method: "GET",
        path: "/logs/small",
        tokens: &many,
        asker: None,
        status: 200,
    };
    let jobs = [
        validate("bare-actix", bare.listening, &one),
        validate("validate", pair.sso_service, &one),
        validate("validate-many", pair.sso_service, &many),
        logs("one-by-one", one_by_one.listening),
        logs("logs", pair.gateway),
    ];
    compare(&Load { directory: &stage.path("wrk"), connections: CONNECTIONS }, &jobs, &pair).await
}

async fn compare(load: &Load<'_>, jobs: &[Job<'_>; 5], pair: &Pair) -> anyhow::Result<Report> {
    for job in jobs {
        load.put(job, 1).await?;
    }
    let mut report = Report::default();
    let [mut of_validate, mut of_logs, mut of_both] = <[Rounds; 3]>::default();
    for _ in 0..ROUNDS {
        let mut rates = [0.0; 5];
        for (rate, job) in rates.iter_mut().zip(jobs) {
            let before = batches(pair).await?;
            let Outcome { rate: measured, wrong, .. } = load.put(job, SECONDS).await?;
            *rate = measured;
            if wrong > 0 {
                report.note(format!("{}: {wrong} answers were not as they should be", job.name));
            }
            if job.name == "one-by-one" && batches(pair).await? > before {
                report.note("the peer asked about several requests at once".to_owned());
            }
        }
        let [constant, validate, validate_many, one_by_one, logs] = rates;
        of_validate.add(validate, constant);
        of_logs.add(logs, one_by_one);
        of_both.add(logs, validate_many);
    }
    let unit = thousands_a_second;
    report.rounds("requests: validate / bare actix", &of_validate, unit, Target::AtLeast(0.9));
    report.rounds("requests: logs / one call each", &of_logs, unit, Target::AtLeast(1.2));
    report.rounds("requests: logs / validate alone", &of_both, unit, Target::None);
    Ok(report)
}

/// The answer of `sso-service` about the user.
async fn validation(pair: &Pair) -> anyhow::Result<String> {
    let request = http::request("POST", "/auth/validate", &pair.token, &[]);
    body(Connection::open(pair.sso_service, 4096).await?, &request).await
}

/// The number of batches that `sso-service` has answered, in all workers.
async fn batches(pair: &Pair) -> anyhow::Result<u64> {
    let request = http::request("GET", "/metrics", "", &[]);
    let metrics = body(Connection::open(pair.sso_ops, 4096).await?, &request).await?;
    let labels = "http_requests_total{route=\"/auth/validate/batch\",status=\"200\",worker=";
    let of_workers = metrics.lines().filter(|line| line.starts_with(labels));
    let counts = of_workers.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    Ok(counts.sum())
}

async fn body(mut connection: Connection, request: &[u8]) -> anyhow::Result<String> {
    let body = connection.ask_for_body(request).await?;
    let mut text = Vec::new();
    connection.read_to_end(body, |part| text.extend_from_slice(part)).await?;
    ensure!(!text.is_empty(), "no answer");
    String::from_utf8(text).context("the answer is not UTF-8")
}
