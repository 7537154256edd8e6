//! HTTP in front of the authority: it translates, and decides nothing.

mod account_error;
mod admin;
mod answer;
mod cookies;
mod cors;
mod credential;
mod csrf;
mod error;
mod instant;
mod json_body;
mod login;
mod logout;
mod pages;
mod password;
mod refresh;
mod register;
mod routes;
mod session;
mod sessions;
mod source;
mod validate;
mod validate_batch;
mod validation;

pub(crate) use routes::{Services, app};
