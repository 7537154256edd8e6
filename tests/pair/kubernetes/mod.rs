//! The Kubernetes API of the gateway, compared with the answers of a real API server.

mod client;
mod lists;
mod log;
mod refusals;
mod reviews;
pub(crate) mod socket;
mod watch;
mod websocket;
