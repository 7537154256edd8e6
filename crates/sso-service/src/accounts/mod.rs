//! What users do with their own accounts: register, change the password. Knows no HTTP.

mod password;
mod register;
mod service;

pub(crate) use password::OwnPasswordError;
pub(crate) use register::{Newcomer, RegisterError};
pub(crate) use service::{Accounts, Registration};
