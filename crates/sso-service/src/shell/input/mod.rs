//! Parses arguments and reads passwords.

pub(super) mod lifetime;
pub(super) mod permissions;
pub(super) mod typed_password;
