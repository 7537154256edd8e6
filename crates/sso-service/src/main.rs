//! The single sign-on authority: users, log-in, expiring session tokens.

mod admin;
mod app;
mod authority;
mod cli;
mod config;
mod database;
mod http;
mod outcomes;
mod sessions;
#[cfg(test)]
mod test_service;
mod tokens;
mod users;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

#[actix_web::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}
