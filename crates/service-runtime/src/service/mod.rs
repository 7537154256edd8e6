//! The skeleton of a service: what both have in common between the command line and their routes.
//!
//! ```text
//! cli       ServiceCommand, Failure       commands and exit codes
//! config    RuntimeSettings               the settings that every service has
//! app bind  ProcessState, Listeners       what exists once in a process; both addresses
//!     run   Listeners::run                ready line, serving, stopping in order
//! ```
//!
//! A service binds its addresses before it serves, so that port 0 works and a taken port is found
//! at once.

mod command;
mod failure;
mod healthcheck;
mod lifecycle;
mod listeners;
mod process;
mod settings;

pub use command::ServiceCommand;
pub use failure::Failure;
pub use lifecycle::start;
pub use listeners::{BindError, Listeners, ServiceIdentity};
pub use process::ProcessState;
pub use settings::{DefaultPorts, ListenAddress, RuntimeSettings};
