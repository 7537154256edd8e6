//! The keys that sign JWTs.

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::audit::Kind;

impl Administration {
    /// Deletes all signing keys. A running service creates one that signs at once, within a minute.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn delete_signing_keys(
        &self,
        actor: Actor<'_>,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::AdminRevoke, "signing_keys")]);
        self.recorded(self.store.delete_signing_keys(by).await?);
        Ok(())
    }
}
