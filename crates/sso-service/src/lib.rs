//! The single sign-on authority: users, log-in, expiring session tokens.
//!
//! This is the binary's own library: a program in which everything but the way in is private.

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
mod mail;
mod network;
mod oauth;
mod oidc;
mod page;
mod services;
mod sessions;
mod shell;
mod signing_keys;
#[cfg(feature = "simulation")]
pub mod simulation;
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
mod upstream;
mod users;

pub use cli::Cli;
