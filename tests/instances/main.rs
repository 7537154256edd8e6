//! Several instances of sso-service on one PostgreSQL: what one of them was told is in force at all
//! of them, whatever happens to processes, network and database.
//!
//! Clients note when they asked for each change and validation, and what they were told
//! ([`history`]). A validation that begins after a revocation was answered is never 200, one that
//! begins after a log-in was answered is never 401; 503 is always allowed, and rare without a fault.
//! The faults are real: signals to processes, a proxy that spoils the network, a standby that is
//! promoted. Random choices depend on a seed, which is printed.
//!
//! Without PostgreSQL (`cargo xtask peers`) the cases are skipped, and with `CI=true` they fail.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/databases/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite needs more of it")]
mod databases;
#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need more of it")]
mod harness;
#[path = "../installed.rs"]
#[expect(dead_code, reason = "the other suites need more of it")]
mod installed;

mod cases;
mod fleet;
mod history;
mod load;
mod scale;

use std::process::ExitCode;

use clap::Parser;
use libtest_mimic::{Arguments, Trial};

use crate::scale::Scale;

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    tests: Arguments,
    #[command(flatten)]
    scale: Scale,
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    line.scale.set();
    let checks = history::CASES.iter().map(|(name, case)| {
        Trial::test(format!("history::{name}"), move || {
            case();
            Ok(())
        })
    });
    let trials = cases::trials().into_iter().chain(checks).collect();
    libtest_mimic::run(&line.tests, trials).exit_code()
}
