//! Who administers.

use crate::{audit::Source, authority::Holder};

/// An administrator, or a key that is as powerful, at a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    /// Who it is.
    pub(crate) holder: &'a Holder,
    /// Where the request came from.
    pub(crate) source: Source<'a>,
}

impl Actor<'_> {
    /// The name by which it is remembered who did something.
    pub(crate) fn name(&self) -> &str {
        &self.holder.account.username
    }
}
