//! HTTP in front of the authority: it translates, and decides nothing.

mod admin;
mod auth;
mod caller;
mod cors;
mod error;
mod pages;
mod routes;
mod wire;

pub(crate) use routes::{AppState, app};
