//! Administration from the shell: `sso-service admin …`.
//!
//! Each command calls [`Administration`](crate::administration::Administration), as HTTP does, on
//! the database of the service. A running service sees the change within a second.

mod audit_file;
mod command;
mod commands;
mod error;
mod input;
mod pages;
#[cfg(test)]
mod shell_tests;
mod table;

pub(crate) use command::AdminCommand;
pub(crate) use error::AdminError;
