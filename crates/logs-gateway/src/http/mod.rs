//! The gateway's HTTP: it translates, and decides nothing.

mod authenticate;
mod body;
mod error;
mod log_format;
mod log_query;
mod logs;
mod pods;
mod routes;

pub(crate) use routes::routes;
