//! Serves pod logs to callers that the single sign-on authority authenticates.

use std::process::ExitCode;

use clap::Parser;
use logs_gateway::Cli;
use service_runtime::service::Failure;

#[actix_web::main]
async fn main() -> ExitCode {
    Failure::exit_code(Cli::parse().run().await)
}
