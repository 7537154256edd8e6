//! The services of `examples/`, started as their README says, in front of real callers: each gives
//! the same answers to the same tokens, also while the authority fails.
//!
//! `cargo xtask peers` installs their libraries. A case whose libraries are missing is skipped, and
//! says so; with `CI=true` it fails.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need more of it")]
mod harness;
#[path = "../installed.rs"]
mod installed;

mod credentials;
mod example;
mod outages;
mod server;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::example::{Example, Installed};

/// A case is run with each example.
type Case = fn(&Runtime, &Installed);

const CASES: [(&str, Case); 3] = [
    ("every_credential_gets_the_answer_of_the_authority", credentials::check),
    ("failing_authority_is_unavailable", outages::check_failures),
    ("stopped_authority_is_unavailable_until_it_is_back", outages::check_stop),
];

fn main() -> ExitCode {
    let trials = Example::ALL.into_iter().flat_map(trials).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials(example: Example) -> impl Iterator<Item = Trial> {
    CASES.into_iter().map(move |(name, case)| {
        let run = move |installed: Installed| case(&Runtime::new().unwrap(), &installed);
        installed::trial(format!("{example}::{name}"), example.installed(), run)
    })
}
