//! Administration from the shell: `sso-service admin …`, and `sso-service migrate`.
//!
//! Each command of `admin` calls [`Administration`](crate::administration::Administration), as HTTP does, on
//! the database of the service. A running service sees the change within a second.

mod audit_file;
mod command;
mod commands;
mod error;
mod input;
mod migrate;
mod pages;
#[cfg(test)]
mod shell_tests;
mod table;

pub(crate) use command::AdminCommand;
pub(crate) use error::AdminError;
pub(crate) use migrate::{MigrateCommand, MigrateError};
