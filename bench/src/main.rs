//! `cargo xtask bench`: measures both services, as they are deployed, beside a peer or a limit.
//!
//! A bench reports and never judges. Each part is measured in the same run as its peer, in turns,
//! since only ratios mean anything on a shared machine.
#![expect(clippy::print_stdout, reason = "the table goes to standard output")]

mod clients;
mod parts;
mod report;
mod run;
mod stage;

use std::process::ExitCode;

use clap::Parser;

use crate::run::Part;

/// Measure both services beside their peers; exits 0 with any figures.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct CommandLine {
    /// What to measure; everything if no part is named
    parts: Vec<Part>,
    /// Write the figures into docs/benchmarks.md, in place of earlier ones of the same parts
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    let CommandLine { parts, write } = CommandLine::parse();
    run::run(&parts, write).unwrap_or_else(|error| {
        // Without a backtrace: the cause is the machine, not the program.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn parts_are_chosen_by_name() {
        let line = CommandLine::try_parse_from(["bench", "slow-reader", "tail"]).unwrap();
        assert_eq!(line.parts, [Part::SlowReader, Part::Tail]);
        assert!(CommandLine::try_parse_from(["bench", "sleep"]).is_err());
    }

    #[test]
    fn the_help_names_every_part() {
        let help = CommandLine::command().render_long_help().to_string();
        for part in <Part as clap::ValueEnum>::value_variants() {
            let name = clap::ValueEnum::to_possible_value(part).unwrap();
            assert!(help.contains(name.get_name()), "{help}");
        }
    }
}
