//! Administration from the shell: `sso-service admin …`.
//!
//! Each command calls [`Administration`](crate::administration::Administration), as HTTP does, on
//! the database of the service. A running service sees the change within a second.

mod audit_file;
mod clock;
mod command;
mod error;
mod key;
mod lifetime;
mod pages;
mod permissions;
mod role;
mod session;
#[cfg(test)]
mod shell_tests;
mod signing_keys;
mod table;
mod typed_password;
mod user;

pub(crate) use command::AdminCommand;
pub(crate) use error::AdminError;
