//! The kubectl plugin `kubectl sso`: logs in at the single sign-on authority, keeps the session and
//! gives kubectl its token.
//!
//! It runs on the machine of the user, depends on neither service, and builds without Linux: file
//! modes and owners are checked where the system has them (`state/`).

mod authority;
mod authority_url;
mod cli;
mod clock;
mod commands;
mod error;
mod exec_credential;
mod login;
mod login_store;
mod prompt;
mod saved_login;
mod session;
mod state;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    cli::run().await
}
