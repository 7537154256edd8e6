//! `flood`: wrong passwords at a hundred times the rate at which they can be hashed, each by
//! another name and from many networks, and the service left for other clients.
//!
//! The latency of validations during the flood is compared with that of an idle service, round by
//! round. The other limits: the latency of refusals, the success of a user in a known network, and
//! the memory of a million names.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use local_services::{endpoint::Endpoint, services::Services};
use tokio::{
    sync::watch,
    time::{interval, sleep},
};

use crate::{
    clients::guesses::{GuessCounts, Guesses, Pace, log_in_request},
    clients::http::{Connection, Head},
    clients::probe::Probe,
    report::rounds::{Rounds, median},
    report::table::{Report, Target, mebibytes, microseconds, seconds},
    stage::process::Process,
    stage::services::Stage,
};

const ROUNDS: usize = 5;
const PROBED: Duration = Duration::from_secs(4);
/// The queue before the hashing threads fills at once; a guess waits in it for at most two seconds.
const UNTIL_FULL: Duration = Duration::from_secs(3);
/// The multiple of the rate of hashing.
const TIMES: f64 = 100.0;
/// More connections than guesses that can wait in the queue, so that most can keep guessing.
const CONNECTIONS: usize = 400;
/// The number of passwords compared to measure the rate of hashing.
const COMPARED: u32 = 200;
const NAMES: u32 = 1_000_000;
const NAME: &str = "sso-service";
const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The interval of the log-ins in the known network.
const LOG_IN_PERIOD: Duration = Duration::from_millis(500);

const SHED_SECONDS: f64 = 2.5;
/// Twenty for the counters, twenty for hashing, the rest for connections.
const MEMORY: f64 = 96.0 * 1024.0 * 1024.0;
const MEMORY_OF_NAMES: f64 = 24.0 * 1024.0 * 1024.0;

/// The figures of the rounds.
#[derive(Default)]
struct Outcome {
    latencies: Rounds,
    counts: GuessCounts,
    /// Seconds in which there was a flood.
    flooded: f64,
    owner: Vec<LogIn>,
}

/// The outcome of a log-in with the right password.
struct LogIn {
    worked: bool,
    seconds: f64,
}

/// A user in a known network.
#[derive(Clone)]
struct Owner {
    address: SocketAddr,
    request: Vec<u8>,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    // A database of its own, with its audit log.
    let home = stage.path("flood");
    fs::create_dir_all(&home).with_context(|| format!("cannot create {home:?}"))?;
    let mut command = stage.sso_service(&home);
    command.env("SSO_TRUSTED_PROXIES", "127.0.0.1").env("SSO_AUDIT_FILE", home.join("audit"));
    let address = services.start(NAME, command).await?.listening;
    let process = Process(services.id(NAME).context("sso-service has ended")?);
    let session = stage.user.log_in(&Endpoint { address, certificates: None }).await?;
    let probe = Probe { address, token: session.token };
    let request = log_in_request(HOME, stage.user.name, &stage.user.password);
    let owner = Owner { address, request };
    ensure!(owner.log_in().await?.worked, "the user cannot log in");

    let memory_at_start = process.resident()?;
    let guesses = Guesses::at(address);
    let capacity = capacity(&guesses).await?;
    let mut outcome = Outcome::default();
    for _ in 0..ROUNDS {
        outcome.add_round(&probe, &guesses, &owner, capacity * TIMES).await?;
    }
    let memory_before_names = process.resident()?;
    let names = guesses.make(CONNECTIONS, Arc::new(Pace::at_once(NAMES))).await?;
    let growth = process.resident()?.saturating_sub(memory_before_names);

    let mut report = Report::default();
    outcome.report_to(&mut report, capacity);
    if names.total() != u64::from(NAMES) {
        report.note(format!("{} names were tried", names.total()));
    }
    let at_most = Target::AtMost(1.0);
    let job = "flood: memory of 1,000,000 names";
    report.limit(job, [growth as f64, MEMORY_OF_NAMES], mebibytes, at_most);
    let peak = process.peak()?.saturating_sub(memory_at_start) as f64;
    report.limit("flood: peak of memory above start", [peak, MEMORY], mebibytes, at_most);
    Ok(report)
}

/// The rate of hashing of an otherwise idle service, in passwords a second.
async fn capacity(guesses: &Guesses) -> anyhow::Result<f64> {
    let start = Instant::now();
    let counts = guesses.make(8, Arc::new(Pace::at_once(COMPARED))).await?;
    ensure!(counts.shed == 0, "{} log-ins were sent away before there was a flood", counts.shed);
    Ok(f64::from(COMPARED) / start.elapsed().as_secs_f64())
}

impl Outcome {
    async fn add_round(
        &mut self,
        probe: &Probe,
        guesses: &Guesses,
        owner: &Owner,
        rate: f64,
    ) -> anyhow::Result<()> {
        let idle = probe.p99(PROBED).await?;
        let start = Instant::now();
        let pace = Arc::new(Pace::steady());
        let (over, is_over) = watch::channel(());
        let (guessing, pacing, owning) = (pace.clone(), pace.clone(), owner.clone());
        let guesses = guesses.clone();
        let guessing = tokio::spawn(async move { guesses.make(CONNECTIONS, guessing).await });
        let pacing = tokio::spawn(async move { pacing.keep(rate).await });
        let owning = tokio::spawn(async move { owning.log_in_until(is_over).await });
        sleep(UNTIL_FULL).await;
        let flooded = probe.p99(PROBED).await?;
        drop(over);
        pace.close();
        self.flooded += start.elapsed().as_secs_f64();
        pacing.await?;
        self.counts.add(&guessing.await??);
        self.owner.extend(owning.await??);
        self.latencies.add(flooded, idle);
        Ok(())
    }

    fn report_to(&self, report: &mut Report, capacity: f64) {
        let at_most = Target::AtMost(1.0);
        let each = |count: u64| format!("{:.0}/s", count as f64 / self.flooded);
        report.rounds(
            "flood: p99 of validate / idle",
            &self.latencies,
            microseconds,
            Target::AtMost(2.0),
        );
        let slowest = self.counts.slowest_shed.as_secs_f64();
        report.limit("flood: slowest log-in sent away", [slowest, SHED_SECONDS], seconds, at_most);
        let worked = self.owner.iter().filter(|log_in| log_in.worked);
        let took: Vec<_> = worked.map(|log_in| log_in.seconds).collect();
        report.limit(
            "flood: log-ins of a known user / tried",
            [took.len() as f64, self.owner.len() as f64],
            |count| format!("{count:.0}"),
            Target::AtLeast(1.0),
        );
        if !took.is_empty() {
            report.figure("flood: median log-in of the known user", seconds(median(took.clone())));
            let slowest = took.into_iter().fold(0.0, f64::max);
            report.figure("flood: slowest log-in of the known user", seconds(slowest));
        }
        report.figure("flood: passwords hashed without it", format!("{capacity:.0}/s"));
        report.figure("flood: log-ins answered", each(self.counts.total()));
        report.figure("flood: of them compared", each(self.counts.compared));
        let rate = self.counts.total() as f64 / self.flooded;
        if rate < 0.9 * TIMES * capacity {
            report.note(format!("the flood was {:.0} times what can be hashed", rate / capacity));
        }
    }
}

impl Owner {
    async fn log_in_until(self, over: watch::Receiver<()>) -> anyhow::Result<Vec<LogIn>> {
        let mut ticks = interval(LOG_IN_PERIOD);
        let mut log_ins = Vec::new();
        while over.has_changed().is_ok() {
            ticks.tick().await;
            log_ins.push(self.log_in().await?);
        }
        Ok(log_ins)
    }

    async fn log_in(&self) -> anyhow::Result<LogIn> {
        let start = Instant::now();
        let mut connection = Connection::open(self.address, 4096).await?;
        let Head { status, body } = connection.ask(&self.request).await?;
        connection.read_to_end(body, |_| {}).await?;
        Ok(LogIn { worked: status == 200, seconds: start.elapsed().as_secs_f64() })
    }
}
