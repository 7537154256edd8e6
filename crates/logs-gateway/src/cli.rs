//! The command line: what the binary can be asked to do.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service_runtime::{healthcheck, lifecycle, settings::process_environment, telemetry};

use crate::{
    app::{Gateway, StartError},
    config::Config,
};

/// Serves pod logs to whoever the single sign-on authority vouches for.
///
/// Without a command it serves until SIGTERM or SIGINT. It is configured by variables under
/// GATEWAY_ in the environment.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask the running gateway whether it is ready; exit 0 if it is.
    Healthcheck,
    /// Check the configuration in the environment; exit 64 if it is wrong.
    CheckConfig,
}

/// The configuration is wrong (`EX_USAGE` of sysexits).
const EXIT_CONFIG: u8 = 64;

/// Does what the command line says, and serves if it says nothing.
pub async fn run() -> ExitCode {
    match Arguments::parse().command {
        None => configured(serve).await,
        Some(Command::CheckConfig) => configured(check_config).await,
        Some(Command::Healthcheck) => configured(check_health).await,
    }
}

async fn configured(run: impl AsyncFnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::read(process_environment()) {
        Ok(config) => run(config).await,
        Err(faults) => fail(EXIT_CONFIG, &faults),
    }
}

#[expect(clippy::print_stderr, reason = "the command is there to tell")]
async fn check_config(config: Config) -> ExitCode {
    eprint!("{}", config.warnings);
    ExitCode::SUCCESS
}

async fn check_health(config: Config) -> ExitCode {
    match healthcheck::check(config.ops_listen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(unhealthy) => fail(1, &unhealthy),
    }
}

async fn serve(config: Config) -> ExitCode {
    telemetry::start(config.telemetry);
    config.warnings.log();
    let gateway = match Gateway::bind(config) {
        Ok(gateway) => gateway,
        Err(error @ StartError::Logs(_)) => return fail(EXIT_CONFIG, &error),
        Err(error @ (StartError::Bind(_) | StartError::Threads(_))) => return fail(1, &error),
    };
    let stop = match lifecycle::termination() {
        Ok(stop) => stop,
        Err(error) => return fail(1, &error),
    };
    match gateway.run(stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

#[expect(clippy::print_stderr, reason = "what keeps the process from running is said plainly")]
fn fail(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(code)
}
