//! Both services together, as seen by their callers.
//!
//! Each case starts a pair of its own: real processes, in a clean environment, on ports that the
//! system chose, with a database and a log directory of their own. When the pair goes out of scope
//! both are stopped by SIGTERM; they must exit with 0 in time, and their logs must contain no
//! password and no token of the case, at any level.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/mod.rs"]
mod harness;

mod accept;
mod accounts;
mod administration;
mod audit;
mod authority;
mod authorization;
mod back_channel;
mod batching;
mod bearer;
mod browser;
mod cluster;
mod commands;
mod configuration;
mod connections;
mod cookies;
mod database;
mod descriptors;
mod docker;
mod download;
mod files;
mod flood;
mod follow;
mod fronts;
mod guessing;
mod input;
mod kubectl_log_in;
mod kubectl_sso;
mod kubernetes;
mod lasting;
mod lifecycle;
mod links;
mod log_in;
mod log_lines;
mod logs;
mod many;
mod names;
mod nodes;
mod oauth;
mod openid_examples;
mod operations;
mod path;
mod paused;
mod permissions;
mod pods;
mod query;
mod recorded;
mod requests;
mod scans;
mod search;
mod sequences;
mod sessions;
mod through_front;
mod tls;
mod viewer;
mod visibility;
mod whoami;
