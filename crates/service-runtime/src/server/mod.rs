//! The server that every listener runs on: what a connection may hold, and for how long.
//!
//! HTTP itself is actix-http's. It would read and answer requests faster than their client takes
//! the answers, so each connection lies behind a `GuardedStream`, which holds it back. HTTP/2 is
//! not offered: actix-http sets no bound on the streams of a connection.

mod admission;
mod body_rest;
mod connection;
mod deadline;
mod descriptors;
mod guarded;
mod heads;
mod http;
mod raw_answer;
mod refusal;
mod serve;
#[cfg(feature = "simulation")]
mod simulated;
mod sockets;
mod transport;
mod unparsed;

pub(crate) use body_rest::BodyRest;
pub use connection::StallExemption;
pub(crate) use connection::{ConnectionState, Exchange};
pub use descriptors::Descriptors;
pub use serve::{HttpServer, PublicLimits};
#[cfg(feature = "simulation")]
pub use simulated::serve_simulated;
