//! The project's chores, as `cargo xtask <chore>`.
//!
//! This package depends on nothing else of the workspace: it must run, and tell what is wrong,
//! even when the services do not compile.
#![expect(clippy::print_stdout, reason = "a chore talks to whoever started it")]

mod accounts;
mod bench;
mod binaries;
mod certificates;
mod ci;
mod clock;
mod interruption;
mod launch;
mod log_source;
mod peers;
mod samples;
mod services;
mod site;
mod test;
mod up;
mod welcome;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
enum Chore {
    /// Build and run both services with pod logs to read, and show how to talk to them
    Up {
        /// Over TLS, with certificates of this run only
        #[arg(long)]
        tls: bool,
    },
    /// Install what the tests of the Kubernetes API run, and others wrote; `test` does so too
    Peers,
    /// Run every test; the last line is the total
    Test,
    /// Run every check that a change must pass; the last line is the total of the tests
    Ci,
    /// Measure both services beside what they compete with; exits 0 whatever the figures are
    Bench {
        /// Which; all of them if none is named
        benches: Vec<Bench>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().chore {
        Chore::Up { tls } => up::run(tls).unwrap_or_else(explain),
        Chore::Peers => peers::run(),
        Chore::Test => test::run(),
        Chore::Ci => ci::run(),
        Chore::Bench { benches } => bench::run(&benches).unwrap_or_else(explain),
    }
}

/// What went wrong and why, without a backtrace: it is the machine's trouble, not the program's.
#[expect(clippy::needless_pass_by_value, reason = "the shape that unwrap_or_else wants")]
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
        let bench = Chore::Bench { benches: Vec::new() };
        let chores = [
            ("up", Chore::Up { tls: false }),
            ("peers", Chore::Peers),
            ("test", Chore::Test),
            ("ci", Chore::Ci),
            ("bench", bench),
        ];
        for (word, chore) in chores {
            assert_eq!(Cli::try_parse_from(["xtask", word]).unwrap().chore, chore);
        }
    }

    #[test]
    fn both_services_come_up_over_tls_if_asked() {
        let cli = Cli::try_parse_from(["xtask", "up", "--tls"]).unwrap();
        assert_eq!(cli.chore, Chore::Up { tls: true });
    }

    #[test]
    fn benches_are_chosen_by_name() {
        let cli = Cli::try_parse_from(["xtask", "bench", "slow-reader", "tail"]).unwrap();
        assert_eq!(cli.chore, Chore::Bench { benches: vec![Bench::SlowReader, Bench::Tail] });
        assert!(Cli::try_parse_from(["xtask", "bench", "sleep"]).is_err());
    }

    #[test]
    fn an_unknown_chore_is_refused() {
        assert!(Cli::try_parse_from(["xtask", "dance"]).is_err());
    }
}
