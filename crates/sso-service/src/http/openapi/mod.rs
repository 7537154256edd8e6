//! The OpenAPI document: an operation for each route, and the examples in it.

mod account;
mod administration;
mod authz;
mod clients;
mod document;
mod examples;
mod kubernetes;
mod oauth;
mod oidc;
mod operations;
mod pages;
mod tokens;
mod well_known;

pub(crate) use document::document;
