//! The single sign-on authority: users, log-in, expiring session tokens.

mod accounts;
mod administration;
mod app;
mod audit;
mod authority;
mod cli;
mod config;
mod fair_share;
mod grants;
mod http;
mod keys;
mod kubernetes;
mod limiter;
mod login_guard;
mod network;
mod oauth;
mod page;
mod services;
mod sessions;
mod shell;
mod signing_keys;
mod site;
mod store;
#[cfg(test)]
mod test_databases;
#[cfg(test)]
mod test_service;
mod text;
mod timekeeping;
mod tokens;
mod upkeep;
mod users;

use std::process::ExitCode;

use clap::Parser;
use service_runtime::service::Failure;

use crate::cli::Cli;

#[actix_web::main]
async fn main() -> ExitCode {
    Failure::exit_code(Cli::parse().run().await)
}
