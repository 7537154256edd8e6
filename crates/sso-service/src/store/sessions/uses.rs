//! Writing when sessions were last used, as memory has noted it.

use std::sync::Arc;

use crate::{
    sessions::LiveSession,
    store::{
        handle::Store,
        sql::{Dialects, SqlConnection, query},
        unavailable::Unavailable,
    },
};

/// How many sessions are written at a time: log-ins wait for no longer than these take.
const STEP: usize = 1000;

/// Of a JSON array of pairs: the number of a session, and when it was last seen.
const WRITE_LAST_SEEN: Dialects = Dialects {
    sqlite: "UPDATE sessions SET last_seen_at = max(last_seen_at, used.value ->> 1)
             FROM json_each($1) AS used WHERE sessions.number = used.value ->> 0",
    postgres:
        "UPDATE sessions SET last_seen_at = greatest(last_seen_at, (used.value ->> 1)::bigint)
               FROM json_array_elements($1::json) AS used
               WHERE sessions.number = (used.value ->> 0)::bigint",
};

/// Of a JSON array of pairs: the number of a session, and when its newest used token was issued.
const WRITE_FIRST_USE: Dialects = Dialects {
    sqlite:
        "UPDATE sessions SET used_issued_at = max(coalesce(used_issued_at, 0), used.value ->> 1)
             FROM json_each($1) AS used WHERE sessions.number = used.value ->> 0",
    postgres:
        "UPDATE sessions SET used_issued_at = greatest(used_issued_at, (used.value ->> 1)::bigint)
               FROM json_array_elements($1::json) AS used
               WHERE sessions.number = (used.value ->> 0)::bigint",
};

impl Store {
    /// Writes when the sessions were last seen that were used since the last call.
    ///
    /// # Errors
    /// When the database cannot be written. The rest is written the next time.
    pub(crate) async fn write_uses(&self) -> Result<(), Unavailable> {
        let used = self.live.take_used();
        for (at, some) in used.chunks(STEP).enumerate() {
            if let Err(error) =
                self.write_each(WRITE_LAST_SEEN, some, LiveSession::last_seen_millis).await
            {
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
            if let Err(error) =
                self.write_each(WRITE_FIRST_USE, some, LiveSession::used_issued_at).await
            {
                used[at * STEP..].iter().for_each(|rest| self.live.keep_first_used(rest));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Runs a statement with pairs of a session's number and an instant of it.
    async fn write_each(
        &self,
        statement: Dialects,
        sessions: &[Arc<LiveSession>],
        instant: fn(&LiveSession) -> i64,
    ) -> Result<(), Unavailable> {
        let pairs: Vec<_> =
            sessions.iter().map(|session| [session.number, instant(session)]).collect();
        let pairs = serde_json::json!(pairs).to_string();
        let write = async move |connection: &mut SqlConnection| {
            query(statement).bind(pairs).execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write_addition(write).await
    }
}
