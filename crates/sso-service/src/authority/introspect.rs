//! Introspection of tokens for other services.

use shared_types::BearerToken;

use super::{holder::Holder, service::SessionAuthority, validate::TokenRefusal};
use crate::audit::Source;

impl SessionAuthority {
    /// The holder of an active token; `None` for any other text.
    ///
    /// The end of a token is told in whole seconds (RFC 7662, section 2.2), rounded down. From that
    /// second on, the token is not active: no answer about an active token tells an end that is over.
    ///
    /// # Errors
    /// [`TokenRefusal::Unknown`] when the token cannot be checked.
    pub(crate) async fn introspect(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<Option<Holder>, TokenRefusal> {
        let holder = match self.validate(token, None, from).await {
            Ok(holder) => holder,
            // Each refusal is named: not to know the answer is no refusal.
            Err(
                TokenRefusal::InvalidToken
                | TokenRefusal::SessionRequired
                | TokenRefusal::Denied(_),
            ) => return Ok(None),
            Err(unknown @ TokenRefusal::Unknown) => return Err(unknown),
        };
        Ok((self.clock.now().timestamp() < holder.expires_at.timestamp()).then_some(holder))
    }
}
