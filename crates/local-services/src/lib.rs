//! Starts both services on this machine, in a directory of one run only.
//!
//! The binary `up` and the package `bench` do so. It depends on no other package of the
//! workspace: the services are started as their users start them, by their executables.

pub mod accounts;
pub mod binaries;
pub mod certificates;
pub mod clock;
pub mod endpoint;
pub mod interruption;
pub mod launch;
pub mod services;
