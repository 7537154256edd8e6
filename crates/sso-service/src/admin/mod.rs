//! Administration from the shell: `sso-service admin …`.
//!
//! Each command works on the database of the service, which may be running and then hears of it
//! within a second.

mod clock;
mod command;
mod error;
mod key;
mod lifetime;
mod role;
mod session;
#[cfg(test)]
mod shell;
mod table;
mod typed_password;
mod user;

pub(crate) use command::AdminCommand;
pub(crate) use error::AdminError;
