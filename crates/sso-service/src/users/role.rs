//! Roles.

/// A role: permissions under a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is built in, and cannot be changed.
    pub(crate) builtin: bool,
    /// Its permissions, sorted.
    pub(crate) permissions: Vec<String>,
}
