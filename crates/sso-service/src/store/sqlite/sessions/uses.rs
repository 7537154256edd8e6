//! Writing when sessions were last used, as memory has noted it.

use std::sync::Arc;

use sqlx::{SqliteConnection, query};

use crate::{
    sessions::LiveSession,
    store::{sqlite::store::SqliteStore, unavailable::Unavailable},
};

/// How many sessions are written at a time: log-ins wait for no longer than these take.
const STEP: usize = 1000;

impl SqliteStore {
    /// Writes when the sessions were last seen that were used since the last call.
    ///
    /// # Errors
    /// When the database cannot be written. The rest is written the next time.
    pub(crate) async fn write_uses(&self) -> Result<(), Unavailable> {
        let used = self.live.take_used();
        for (at, some) in used.chunks(STEP).enumerate() {
            let write = "UPDATE sessions SET last_seen_at = max(last_seen_at, used.value ->> 1)
                 FROM json_each(?) AS used WHERE sessions.number = used.value ->> 0";
            if let Err(error) = self.write_each(write, some, LiveSession::last_seen_millis).await {
                used[at * STEP..].iter().for_each(|rest| self.live.keep_used(rest));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes which of the tokens that were issued by a refresh have been used since the last call.
    ///
    /// # Errors
    /// When the database cannot be written. The rest is written the next time.
    pub(crate) async fn write_first_uses(&self) -> Result<(), Unavailable> {
        let used = self.live.take_first_used();
        for (at, some) in used.chunks(STEP).enumerate() {
            let write = "UPDATE sessions
                 SET used_issued_at = max(coalesce(used_issued_at, 0), used.value ->> 1)
                 FROM json_each(?) AS used WHERE sessions.number = used.value ->> 0";
            if let Err(error) = self.write_each(write, some, LiveSession::used_issued_at).await {
                used[at * STEP..].iter().for_each(|rest| self.live.keep_first_used(rest));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Runs a statement with pairs of a session's number and an instant of it.
    async fn write_each(
        &self,
        statement: &'static str,
        sessions: &[Arc<LiveSession>],
        instant: fn(&LiveSession) -> i64,
    ) -> Result<(), Unavailable> {
        let pairs: Vec<_> =
            sessions.iter().map(|session| [session.number, instant(session)]).collect();
        let pairs = serde_json::json!(pairs).to_string();
        let write = async move |connection: &mut SqliteConnection| {
            query(statement).bind(pairs).execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write(write).await
    }
}
