//! The HTTP interface: it translates requests into calls of use cases, and decides nothing.

mod admin;
mod app;
mod auth;
#[cfg(test)]
mod authorization_tests;
mod authz;
mod caller;
mod cors;
mod error;
mod k8s;
mod oauth;
mod oidc;
mod openapi;
mod pages;
mod routes;
mod well_known;
mod wire;

pub(crate) use app::{AppState, app};
pub(crate) use openapi::document as api_document;
