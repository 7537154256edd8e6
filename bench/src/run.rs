//! The list of parts, and the run through them.

use std::{path::Path, process::ExitCode};

use anyhow::Context;
use clap::ValueEnum;
use local_services::{
    binaries::Executables, interruption::Interruption, launch::temporary_directory,
    services::Services,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    parts::{
        cluster, connections, download, flood, followers, forward_auth, front, growth, instances,
        introspection, kubernetes, many, masking, redis, requests, search, sessions, slow_reader,
        small_reads, start, system_calls, tail, viewer,
    },
    report::{
        document::Document,
        table::{HEADER, Report},
    },
    stage::services::Stage,
};

/// The services with the features of the image that is deployed, and bare actix with the same.
const AS_DEPLOYED: [&str; 5] = [
    "--release",
    "--bins",
    "--package=sso-service",
    "--package=logs-gateway",
    "--package=bare-actix",
];

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// A log of 1 GiB as text, against `cut`
    Download,
    /// The same over the Kubernetes API and TLS, by kubectl too, against `cat`
    Kubernetes,
    /// The log engine on 1 GiB, with and without tokens in it, against itself without masking
    Masking,
    /// `grep` over 1 GiB and over compressed files, against `grep`, `rg` and `zcat`
    Search,
    /// The last 100 lines of a log of 10 GiB, against those of 10 MiB
    Tail,
    /// 2,000 followers of a file that grows by 500 lines a second
    Followers,
    /// 100 pods that write 500 lines a second each, merged into one stream
    Many,
    /// A front of 100 nodes with 10,000 pods, of which nodes die, hang and return
    Cluster,
    /// A log of 1 GiB, and one of 4 KiB, through a front and its node, against reading directly
    Front,
    /// 50 readers of 1 GiB at mixed speeds, and the memory they cost
    SlowReader,
    /// Small requests a second, against bare actix and a call to the authority for each
    Requests,
    /// The last lines of a log of 4 KiB, against nginx with `auth_request` and a cache of open files
    SmallReads,
    /// Introspections a second of 10,000 tokens, against a limit
    Introspection,
    /// System calls of the gateway for such a read, by `strace`
    SystemCalls,
    /// A file of 4 KiB behind nginx's `auth_request`, against a check that is always 200
    ForwardAuth,
    /// The time from the start of each binary to its first answer, and its memory then
    Start,
    /// Start and memory of a service with 1,000,000 sessions
    Sessions,
    /// Validations of tokens in Redis, against `redis-benchmark GET`
    Redis,
    /// Wrong passwords at 100 times the rate of hashing, against an idle service
    Flood,
    /// Log-outs with 1, 2 and 5 instances on PostgreSQL, and validations, against SQLite
    Instances,
    /// How cost grows with sessions, pods, sizes, followers and log-ins
    Growth,
    /// Clients that read no answer, and idle ones: memory, and the latency of validate
    Connections,
    /// The viewer in Chromium: its first line, and a tab that follows 10,000 lines a second
    Viewer,
}

/// Builds, runs the parts in turn, and removes everything that it wrote, but the page of figures if
/// that is wanted. Fails only if a part could not be measured.
pub(crate) fn run(parts: &[Part], writes_page: bool) -> anyhow::Result<ExitCode> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = writes_page.then(|| Document::open(&docs)).transpose()?;
    let parts = if parts.is_empty() { Part::value_variants() } else { parts };
    let executables = Executables::build(&AS_DEPLOYED)?;
    raise_limit_of_descriptors();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run_until_interrupted(parts, page, &executables))
}

async fn run_until_interrupted(
    parts: &[Part],
    mut page: Option<Document>,
    executables: &Executables,
) -> anyhow::Result<ExitCode> {
    let mut interruption = Interruption::listen().context("cannot listen for signals")?;
    let home = temporary_directory("logs-gateway-bench-")
        .context("cannot create a temporary directory")?;
    let stage = Stage::new(executables, home.path())?;
    let mut exit_code = ExitCode::SUCCESS;
    println!("{HEADER}");
    for part in parts {
        // New processes, so that no part inherits the memory of another.
        let mut services = Services::new(home.path());
        let outcome = tokio::select! {
            () = interruption.received() => None,
            report = part.measure(&stage, &mut services) => Some(report),
        };
        services.stop().await;
        match outcome {
            None => break,
            Some(Ok(report)) => {
                print!("{report}");
                if let Some(page) = &mut page {
                    page.write(&part.name(), &report, &Part::names())?;
                }
            }
            Some(Err(error)) => {
                eprintln!("error: {part:?}: {error:#}");
                exit_code = ExitCode::FAILURE;
            }
        }
    }
    home.close().context("cannot remove the temporary directory")?;
    Ok(exit_code)
}

impl Part {
    /// As it is named on the command line.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Of all parts.
    fn names() -> Vec<String> {
        Self::value_variants().iter().map(|part| part.name()).collect()
    }

    async fn measure(self, stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
        match self {
            Self::Download => download::measure(stage, services).await,
            Self::Kubernetes => kubernetes::measure(stage, services).await,
            Self::Masking => masking::measure(stage).await,
            Self::Search => search::measure(stage, services).await,
            Self::Tail => tail::measure(stage, services).await,
            Self::Followers => followers::measure(stage, services).await,
            Self::Many => many::measure(stage, services).await,
            Self::Cluster => cluster::measure(stage, services).await,
            Self::Front => front::measure(stage, services).await,
            Self::SlowReader => slow_reader::measure(stage, services).await,
            Self::Requests => requests::measure(stage, services).await,
            Self::SmallReads => small_reads::measure(stage, services).await,
            Self::SystemCalls => system_calls::measure(stage, services).await,
            Self::ForwardAuth => forward_auth::measure(stage, services).await,
            Self::Introspection => introspection::measure(stage, services).await,
            Self::Start => start::measure(stage, services).await,
            Self::Sessions => sessions::measure(stage, services).await,
            Self::Redis => redis::measure(stage, services).await,
            Self::Flood => flood::measure(stage, services).await,
            Self::Instances => instances::measure(stage, services).await,
            Self::Growth => growth::measure(stage, services).await,
            Self::Connections => connections::measure(stage, services).await,
            Self::Viewer => viewer::measure(stage, services).await,
        }
    }
}

/// Raises the limit for thousands of followers, here and in the gateway, which inherits it.
fn raise_limit_of_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        eprintln!("cannot raise the limit of open files: {error}");
    }
}
