//! The commands, a file per subject.

pub(super) mod client;
pub(super) mod clock;
pub(super) mod key;
pub(super) mod role;
pub(super) mod session;
pub(super) mod signing_keys;
pub(super) mod user;
