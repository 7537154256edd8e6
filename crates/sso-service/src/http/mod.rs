//! HTTP in front of the authority: it translates, and decides nothing.

mod answer;
mod cookies;
mod cors;
mod credential;
mod csrf;
mod error;
mod json_body;
mod login;
mod logout;
mod origin;
mod pages;
mod refresh;
mod routes;
mod session;
mod sessions;
mod validate;
mod validate_batch;

pub(crate) use routes::app;
