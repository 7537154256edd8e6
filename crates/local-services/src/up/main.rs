//! `cargo xtask up`: builds and runs both services with pod logs to read.

mod log_source;
mod run;
mod samples;
mod welcome;

use std::process::ExitCode;

use clap::Parser;

/// Build and run both services with pod logs to read, and print commands to try.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask up", bin_name = "cargo xtask up")]
struct CommandLine {
    /// Over TLS, with certificates of this run only
    #[arg(long)]
    tls: bool,
    /// A gateway for each of three nodes with sample pods, and a front for them; over TLS
    #[arg(long)]
    cluster: bool,
}

fn main() -> ExitCode {
    run::run(&CommandLine::parse()).unwrap_or_else(|error| {
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
    fn both_services_come_up_over_tls_if_asked() {
        assert!(CommandLine::try_parse_from(["up", "--tls"]).unwrap().tls);
        assert!(!CommandLine::try_parse_from(["up"]).unwrap().tls);
        assert!(CommandLine::try_parse_from(["up", "--cluster"]).unwrap().cluster);
    }
}
