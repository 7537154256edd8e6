//! Starts both services on this machine, in a directory of one run only.
//!
//! The binary `up` and the package `bench` use it. It depends on no other package of the workspace:
//! the services are started by their executables, as users start them.

pub mod accounts;
pub mod binaries;
pub mod certificates;
pub mod clock;
pub mod endpoint;
pub mod interruption;
pub mod launch;
pub mod services;
