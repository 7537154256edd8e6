//! What every service needs to run, and nothing of what any of them does.
//!
//! [`settings`] reads the environment, [`telemetry`] says what happens, [`lifecycle`] starts and
//! stops the listeners, [`ops`] is the second listener for whoever operates the service, [`tls`]
//! keeps the certificate, [`http`] is the edge that every request passes, and [`clock`] is the only
//! one to ask for the time; [`password`] reads one from where it was put.

pub mod clock;
pub mod http;
pub mod metrics;
pub mod network;
pub mod ops;
pub mod password;
mod problem;
pub mod server;
pub mod service;
pub mod settings;
pub mod telemetry;
pub mod tls;

/// Where the parts of [`service`] were before; goes when nothing uses it.
pub mod lifecycle {
    pub use crate::service::{BindError, ReadyLine, bind, run};
}
