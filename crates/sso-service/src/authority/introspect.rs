//! Introspection of tokens for other services.

use shared_types::BearerToken;

use super::{holder::Holder, service::SessionAuthority};
use crate::audit::Source;

impl SessionAuthority {
    /// The holder of an active token; `None` for any other text.
    ///
    /// The end of a token is told in whole seconds (RFC 7662, section 2.2), rounded down. From that
    /// second on, the token is not active: no answer about an active token tells an end that is over.
    pub(crate) fn introspect(&self, token: &BearerToken, from: Source<'_>) -> Option<Holder> {
        let holder = self.validate(token, None, from).ok()?;
        (self.clock.now().timestamp() < holder.expires_at.timestamp()).then_some(holder)
    }
}
