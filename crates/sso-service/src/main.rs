//! The single sign-on authority: users, log-in, expiring session tokens.

use std::process::ExitCode;

use clap::Parser;
use service_runtime::service::Failure;
use sso_service::Cli;

#[actix_web::main]
async fn main() -> ExitCode {
    Failure::exit_code(Cli::parse().run().await)
}
