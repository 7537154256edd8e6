//! Both services in one thread on simulated time: several instances of sso-service and a
//! logs-gateway, which a supervisor starts again when they end, and the database server, on hosts of
//! their own.
//!
//! ```text
//! clients ──▶ sso-1 … sso-4 ──▶ database        the programs are the real ones, from their
//!    └──────▶ gateway ─▶ sso-1 … sso-4          environment to HTTP; SQLite is the database
//! ```
//!
//! Clients log in, validate and revoke at every instance, and read a log at the gateway, while
//! processes are paused and killed, and messages are late, lost, or cut off. A request that began
//! after a revocation was answered is never accepted, and one that began after a log-in was answered
//! is never refused. Everything follows from the seed: time, network, order of tasks, randomness.

#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on fails where it stands")]

mod client;
mod clients;
mod faults;
mod history;
mod hosts;
mod processes;
mod runs;
mod trace;
mod world;
