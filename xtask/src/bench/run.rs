//! Which benches there are, and the run from one to the next.

use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    download, flood, followers, kubernetes, requests, sessions, slow_reader,
    stage::Stage,
    table::{HEADER, Report},
    tail,
};
use crate::{
    binaries::{Binaries, Profile},
    interruption::Interruption,
    launch::temporary_directory,
    services::Services,
};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// A log of 1 GiB as text, against `cut`
    Download,
    /// The same over the Kubernetes API and TLS, by kubectl too, against `cat`
    Kubernetes,
    /// The last 100 lines of a log of 10 GiB, against those of 10 MiB
    Tail,
    /// 2,000 followers of a file that grows by 500 lines a second
    Followers,
    /// 50 readers of 1 GiB at mixed speeds, and the memory they cost
    SlowReader,
    /// Small requests a second, against bare actix and a call to the authority for each
    Requests,
    /// Start and memory of a service with 1,000,000 sessions
    Sessions,
    /// Wrong passwords at 100 times the rate of hashing, against an idle service
    Flood,
}

/// Builds, runs the benches one after the other, and leaves nothing behind. Fails only if
/// something could not be measured.
pub(crate) fn run(benches: &[Bench]) -> anyhow::Result<ExitCode> {
    let benches = if benches.is_empty() { Bench::value_variants() } else { benches };
    let binaries = Binaries::build(Profile::Release)?;
    raise_limit_of_descriptors();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run_until_interrupted(benches, &binaries))
}

async fn run_until_interrupted(benches: &[Bench], binaries: &Binaries) -> anyhow::Result<ExitCode> {
    let mut interruption = Interruption::listen().context("cannot listen for signals")?;
    let home = temporary_directory("logs-gateway-bench-")
        .context("cannot create a temporary directory")?;
    let stage = Stage::new(binaries, home.path())?;
    let mut exit_code = ExitCode::SUCCESS;
    println!("{HEADER}");
    for bench in benches {
        // Fresh ones, so that no bench is measured in the memory that another left.
        let mut services = Services::new(home.path());
        let outcome = tokio::select! {
            () = interruption.received() => None,
            report = bench.measure(&stage, &mut services) => Some(report),
        };
        services.stop().await;
        match outcome {
            None => break,
            Some(Ok(report)) => print!("{report}"),
            Some(Err(error)) => {
                eprintln!("error: {bench:?}: {error:#}");
                exit_code = ExitCode::FAILURE;
            }
        }
    }
    home.close().context("cannot remove the temporary directory")?;
    Ok(exit_code)
}

impl Bench {
    async fn measure(self, stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
        match self {
            Self::Download => download::measure(stage, services).await,
            Self::Kubernetes => kubernetes::measure(stage, services).await,
            Self::Tail => tail::measure(stage, services).await,
            Self::Followers => followers::measure(stage, services).await,
            Self::SlowReader => slow_reader::measure(stage, services).await,
            Self::Requests => requests::measure(stage, services).await,
            Self::Sessions => sessions::measure(stage, services).await,
            Self::Flood => flood::measure(stage, services).await,
        }
    }
}

/// Thousands of followers are as many descriptors, here and in the gateway, which inherits the
/// limit.
fn raise_limit_of_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        eprintln!("cannot raise the limit of open files: {error}");
    }
}
