//! The project's chores, as `cargo xtask <chore>`.
//!
//! This package depends on nothing else of the workspace: it must run, and tell what is wrong,
//! even when the services do not compile.
#![expect(clippy::print_stdout, reason = "a chore talks to whoever started it")]

mod accounts;
mod binaries;
mod ci;
mod clock;
mod interruption;
mod log_source;
mod samples;
mod services;
mod test;
mod up;
mod welcome;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
enum Chore {
    /// Build and run both services with pod logs to read, and show how to talk to them
    Up,
    /// Run every test; the last line is the total
    Test,
    /// Run every check that a change must pass; the last line is the total of the tests
    Ci,
}

fn main() -> ExitCode {
    match Cli::parse().chore {
        Chore::Up => up::run().unwrap_or_else(explain),
        Chore::Test => test::run(),
        Chore::Ci => ci::run(),
    }
}

/// What went wrong and why, without a backtrace: it is the machine's trouble, not the program's.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that unwrap_or_else wants"
)]
fn explain(error: anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_chore_has_its_word() {
        for (word, chore) in [("up", Chore::Up), ("test", Chore::Test), ("ci", Chore::Ci)] {
            assert_eq!(Cli::try_parse_from(["xtask", word]).unwrap().chore, chore);
        }
    }

    #[test]
    fn an_unknown_chore_is_refused() {
        assert!(Cli::try_parse_from(["xtask", "dance"]).is_err());
    }
}
