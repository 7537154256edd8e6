//! Mail that is owed to users, and the hashes of the secrets in it.

mod outbox;
mod resets;
mod sweep;
mod verifications;

pub(crate) use outbox::OwedMail;
pub(super) use outbox::{Addressee, owe};
pub(super) use resets::void_reset;
pub(crate) use resets::{PasswordReset, ResetError};
pub(super) use sweep::sweep_mail;
pub(crate) use verifications::VerifyEmailError;
