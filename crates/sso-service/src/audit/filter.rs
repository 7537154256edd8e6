//! Which security events are listed.

/// Which security events are listed. Empty text chooses all.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    /// The name of a kind.
    pub(crate) kind: String,
    /// A user that did something, or its target.
    pub(crate) name: String,
}
