//! Power loss: sso-service on a disk that forgets what was not synced, tears writes and fails syncs.
//!
//! Clients of the real binary log in, renew and end sessions, change passwords and keys; the power is
//! cut at a random call; the service is started on what is left, again and again. Nothing that was
//! answered may be lost, nothing that was ended may come back, and the service must start each time.
//!
//! A seed decides the program, the moments and the losses; only the order of what happens at the same
//! time differs when it is repeated. `cargo xtask soak power-loss --seeds 1000` runs many seeds. The
//! layer between the service and its files (`layer.c`) is compiled by `cc`; without it the cases are
//! skipped, and with `CI=true` they fail.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need more of it")]
mod harness;
#[path = "../installed.rs"]
#[expect(dead_code, reason = "the other suites need more of it")]
mod installed;

mod clients;
mod disk;
mod layer;
mod losses;
mod seed;
mod service;
mod soak;
mod stage;
mod stopping;

use std::{
    ops::Range,
    process::ExitCode,
    sync::{Arc, OnceLock},
};

use clap::Parser;
use libtest_mimic::{Arguments, Trial};

use crate::{disk::DiskKind, stage::Stage};

/// The seeds that run as a test.
const SEEDS: Range<u64> = 1..17;

/// A test and its name.
type Case = (&'static str, fn(&Stage));

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    tests: Arguments,
    /// Run many seeds and no test
    #[arg(long)]
    soak: bool,
    /// How many seeds
    #[arg(long, default_value_t = 1000, requires = "soak")]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1, requires = "soak")]
    first: u64,
    /// Use a disk that ignores syncs: some seeds must fail
    #[arg(long, requires = "soak")]
    ignore_syncs: bool,
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    if line.soak { line.soak() } else { libtest_mimic::run(&line.tests, trials()).exit_code() }
}

impl CommandLine {
    fn soak(&self) -> ExitCode {
        let stage = match installed::program("cc") {
            Ok(compiler) => Stage::new(&compiler),
            Err(missing) => {
                eprintln!("error: {missing}");
                return ExitCode::FAILURE;
            }
        };
        let disk = if self.ignore_syncs { DiskKind::IgnoresSyncs } else { DiskKind::Honest };
        let results = soak::run(&stage, self.first..self.first + self.seeds, disk);
        eprintln!("{results}");
        if results.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn trials() -> Vec<Trial> {
    let stage = Arc::new(OnceLock::new());
    let trial = |(name, case): &Case| {
        let (case, stage) = (*case, stage.clone());
        installed::trial((*name).to_owned(), installed::program("cc"), move |compiler| {
            case(stage.get_or_init(|| Stage::new(&compiler)));
        })
    };
    let seeds: Case = ("nothing_answered_is_lost", nothing_answered_is_lost);
    losses::CASES.iter().chain(stopping::CASES).chain([&seeds]).map(trial).collect()
}

fn nothing_answered_is_lost(stage: &Stage) {
    let results = soak::run(stage, SEEDS, DiskKind::Honest);
    assert!(results.failed.is_empty(), "{results}: {:?}", results.failed);
}
