//! Introspection of tokens for other services.

use shared_types::BearerToken;

use super::{holder::Holder, service::SessionAuthority, validate::TokenRefusal};
use crate::audit::Source;

impl SessionAuthority {
    /// The holder of an active token; `None` for any other text.
    ///
    /// The end of a token is told in whole seconds (RFC 7662, section 2.2), rounded down. From that
    /// second on, the token is not active: no answer about an active token tells an end that is over.
    pub(crate) fn introspect(&self, token: &BearerToken, from: Source<'_>) -> Option<Holder> {
        let holder = match self.validate(token, None, from) {
            Ok(holder) => holder,
            // Each refusal is named: not to know the answer would be no refusal.
            Err(
                TokenRefusal::InvalidToken
                | TokenRefusal::SessionRequired
                | TokenRefusal::Denied(_),
            ) => return None,
        };
        (self.clock.now().timestamp() < holder.expires_at.timestamp()).then_some(holder)
    }
}
