//! Logs as the API server of a cluster gives them.
//!
//! [`api`] asks the API server, [`feed`] makes one stream of the answers however often a connection
//! is cut, and [`lines`] reads lines from that stream. [`kubernetes_source`] finds logs and begins
//! to read them, and [`many`] does so for many pods.

pub(crate) mod api;
mod choice;
mod container_log;
pub(crate) mod feed;
pub(crate) mod kubernetes_source;
pub(crate) mod lines;
pub(crate) mod many;
pub(crate) mod passthrough;
pub(crate) mod pods;
mod tail;
pub(crate) mod workloads;
