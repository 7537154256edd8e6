//! How often who may fail to log in.

mod account_key;
mod attempt;
mod bells;
mod bucket;
mod homes;
mod known;
#[cfg(test)]
mod properties;
mod suspects;
mod table;
mod tables;
mod window;

pub(crate) use attempt::{Attempt, Held, Limiter};
pub(crate) use tables::LoginLimits;
