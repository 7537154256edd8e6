//! The first-party client, as kubectl-sso goes through its flows.

mod codes;
mod devices;
mod ends;
mod plugin;
