//! Limits of failed log-ins, per account and per network.

mod account_key;
mod attempt;
#[cfg(test)]
mod attempt_tests;
mod bucket;
mod known_networks;
#[cfg(test)]
mod limiter_model;
mod networks_of_account;
mod suspects;
mod table;
mod tables;
mod wakeups;
mod window;

pub(crate) use attempt::{AttemptRefusal, Limiter, LoginAttempt};
pub(crate) use tables::LoginLimits;
