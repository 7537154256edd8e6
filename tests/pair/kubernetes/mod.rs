//! The Kubernetes API of the gateway, against what a real API server was seen to answer.

mod client;
mod lists;
mod log;
mod refusals;
mod reviews;
mod socket;
mod watch;
mod websocket;
