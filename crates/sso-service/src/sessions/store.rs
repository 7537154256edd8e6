//! What is done with sessions. Each change is on the disk and in force before it is answered.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use uuid::Uuid;

use super::{
    begin::{BeginError, Limits, NewSession, begin},
    journal::Journal,
    live::{LiveSessions, Principal},
    live_session::LiveSession,
    past_tokens::{NamedSession, session_named_by},
    refresh::{Refreshed, Renewal, refresh, session_renewed_by},
};
use crate::{
    keys::LiveKeys,
    store::{Database, Unavailable},
    tokens::TokenHash,
    users::StoreError,
};

/// The sessions of a running service.
#[derive(Debug)]
pub(crate) struct SessionStore {
    limits: Limits,
    pub(super) database: Database,
    pub(super) live: Arc<LiveSessions>,
    pub(super) keys: Arc<LiveKeys>,
    pub(super) journal: Journal,
}

impl SessionStore {
    /// The sessions in this database, whose follower keeps `live` and `keys`.
    pub(crate) fn new(
        limits: Limits,
        database: Database,
        live: Arc<LiveSessions>,
        keys: Arc<LiveKeys>,
        journal: Journal,
    ) -> Self {
        Self { limits, database, live, keys, journal }
    }

    /// Whoever holds the token of this hash, if it is valid. Waits for nothing.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<Principal> {
        self.live.find(hash, now)
    }

    /// Begins a session. A user who has too many loses the least recently used one, whose id is
    /// given.
    ///
    /// # Errors
    /// When the user is not any more who logged in, there are too many sessions in all, or it
    /// cannot be written.
    pub(crate) async fn begin(&self, session: NewSession) -> Result<Vec<Uuid>, BeginError> {
        let (limits, live) = (self.limits, self.live.clone());
        let work = async move |connection: &mut SqliteConnection| {
            begin(connection, &session, limits, &live).await
        };
        self.database.write(work).await
    }

    /// Renews the session of a refresh token.
    ///
    /// # Errors
    /// When it cannot be told or not be written.
    pub(crate) async fn refresh(&self, renewal: Renewal) -> Result<Refreshed, StoreError> {
        let live = self.live.clone();
        let work = async move |connection: &mut SqliteConnection| {
            refresh(connection, &renewal, &live).await
        };
        let refreshed = self.database.write(work).await;
        match &refreshed {
            Ok(Refreshed::Reused(ended)) => self.live.revoked.have_ended(&[ended.number]),
            Ok(_) => {}
            // It may have been found that the token was shown again.
            Err(_) => self.record_pending().await,
        }
        refreshed
    }

    /// The session that the refresh token of this hash would renew now, if there is one. Nothing is
    /// changed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn renewed_by(
        &self,
        hash: &TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, StoreError> {
        let mut reader = self.database.reader().await?;
        session_renewed_by(&mut reader, hash, now, &self.live).await
    }

    /// The session in memory that a session token stands for, also if the token has expired.
    pub(crate) fn live_session(&self, hash: &TokenHash) -> Option<Arc<LiveSession>> {
        self.live.session_of(hash)
    }

    /// Ends the session in memory that a token stands for.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_live(
        &self,
        hash: &TokenHash,
        session: &LiveSession,
    ) -> Result<(), Unavailable> {
        // Before it is looked for again: the follower may be putting another in its place.
        self.live.revoked.begin_to_end(&[session.number]);
        session.end();
        if let Some(session) = self.live.session_of(hash) {
            session.end();
        }
        self.end(vec![session.number]).await
    }

    /// The session of a refresh token, also of a spent one, or of a session token that is not in
    /// memory any more.
    ///
    /// # Errors
    /// When the database cannot tell.
    pub(crate) async fn named_by(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, Unavailable> {
        Ok(session_named_by(&mut *self.database.reader().await?, hash).await?)
    }

    /// Ends a session that a token names.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_named(&self, named: &NamedSession) -> Result<(), Unavailable> {
        // Before its tokens are looked for: one that is being added meanwhile sees it.
        self.live.revoked.begin_to_end(&[named.number]);
        for session in named.tokens.iter().filter_map(|hash| self.live.session_of(hash)) {
            session.end();
        }
        self.end(vec![named.number]).await
    }

    /// Ends sessions. In force at once, also if it cannot be written; that is then tried again
    /// until it can, also after a restart.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(super) async fn end(&self, sessions: Vec<i64>) -> Result<(), Unavailable> {
        self.live.revoked.begin_to_end(&sessions);
        let numbers = serde_json::Value::from(&*sessions).to_string();
        let work = async move |connection: &mut SqliteConnection| {
            query("DELETE FROM sessions WHERE number IN (SELECT value FROM json_each(?))")
                .bind(numbers)
                .execute(connection)
                .await?;
            Ok::<_, Unavailable>(())
        };
        if let Err(error) = self.database.write(work).await {
            self.record_pending().await;
            return Err(error);
        }
        self.live.revoked.have_ended(&sessions);
        Ok(())
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn live(&self) -> &LiveSessions {
        &self.live
    }
}
