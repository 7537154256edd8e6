//! Several instances of sso-service on one database, and their clients.

mod answers;
mod client;
mod instance;
mod instances;

pub(crate) use client::{Client, Credential, Person};
pub(crate) use instances::{Fleet, FleetSetup};
