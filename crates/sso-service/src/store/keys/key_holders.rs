//! API keys that their holders revoke.

use uuid::Uuid;

use super::api_keys::delete_key;
use crate::{
    audit::Event,
    store::{
        handle::Store,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

impl Store {
    /// Id and name of the holder of the key of this hash, also of one that has expired.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn key_holder(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<(Uuid, String)>, Unavailable> {
        let found = query("SELECT id, 'key:' || name FROM api_keys WHERE hash = $1");
        let found: Option<(String, String)> =
            found.bind(hash.as_bytes()).fetch_optional(&mut self.reader().await?).await?;
        Ok(found.and_then(|(id, holder)| Some((id.parse().ok()?, holder))))
    }

    /// Deletes the key of this id, because its holder wants it, and writes the event. Gives the
    /// event if there was such a key. If the database does not answer, the key is invalid all the
    /// same, and the deletion is tried again.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(crate) async fn end_key(
        &self,
        id: Uuid,
        event: Event,
    ) -> Result<Option<Event>, Unavailable> {
        let end = async move |connection: &mut SqlConnection| {
            let deleted = delete_key(connection, id).await?;
            let event = deleted.map(|name| event.on(&name));
            Ok(((), Vec::from_iter(event)))
        };
        let ended: Result<_, Unavailable> = self.write_recorded(end).await;
        if ended.is_err() {
            self.revoke_key(id).await;
        }
        Ok(ended?.events.pop())
    }
}
