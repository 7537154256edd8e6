//! The owner of all databases of tests.

/// Its name.
pub(super) const ROLE: &str = "sso";
/// Nothing asks for it: tests connect over a socket in a directory of their own.
pub(super) const PASSWORD: &str = "staple-battery-horse";
