//! Serves pod logs to callers that the single sign-on authority authenticates.
//!
//! This is the binary's own library: a program in which everything but the way in is private.

mod app;
mod audit;
mod auth;
mod cli;
mod config;
mod end_reason;
mod front_reader;
mod http;
mod impersonation;
mod label_selector;
mod many_choice;
mod metrics;
mod nodes;
mod pods;
mod reader;
mod readiness;
mod scans;
#[cfg(feature = "simulation")]
pub mod simulation;
mod sources;
mod stream;
mod streams;
mod unavailable_source;
mod workloads;

pub use cli::Cli;
pub use http::Route;
