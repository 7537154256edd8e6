//! What every service needs to run, whatever it does.
//!
//! [`service`] is the skeleton of a service: its commands, its settings, its start and end.
//! [`settings`] reads the environment, [`telemetry`] writes the log, [`server`] accepts connections
//! and bounds them, [`http`] is the edge that every request passes, [`ops`] the second listener,
//! for operators, [`audit`] writes a log of events that must not be lost, [`tls`] keeps the
//! certificate, [`clock`] is the only source of the time, and [`password`] reads a password from a
//! file.

pub mod audit;
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
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod telemetry;
pub mod tls;
