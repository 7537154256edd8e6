//! What users do with their own accounts: register, verify an address, change or reset the password. Knows no HTTP.

mod password;
mod register;
mod reset;
mod service;
mod verification;

pub(crate) use password::OwnPasswordError;
pub(crate) use register::{Newcomer, RegisterError};
pub(crate) use reset::PasswordResetError;
pub(crate) use service::{AccountPolicy, Accounts, MailPolicy, Registration};
pub(crate) use verification::MailRequestError;
