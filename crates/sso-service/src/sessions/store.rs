//! What is done with sessions. Each change is on the disk and in force before it is answered.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, SqliteConnection, query, query_as, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    begin::{BeginError, Limits, NewSession, begin},
    journal::Journal,
    live::{LiveSessions, Principal},
    live_session::LiveSession,
    past_tokens::{NamedSession, session_named_by},
    refresh::{Refreshed, Renewal, refresh},
};
use crate::{
    database::{Database, Unavailable},
    keys::LiveKeys,
    page::{Page, Part},
    tokens::TokenHash,
    users::StoreError,
};

/// How many of one's sessions are shown: more than anyone gets by logging in.
const MOST_SHOWN: i64 = 1000;

/// Every column of [`SessionDetails`].
macro_rules! select_sessions {
    () => {
        "SELECT sessions.number, sessions.id, sessions.created_at, last_seen_at, ends_at, ip,
                user_agent, (SELECT hash FROM session_tokens
                    WHERE session = sessions.number
                    ORDER BY session_tokens.number DESC LIMIT 1) AS hash
         FROM sessions JOIN users ON users.number = user AND users.epoch = sessions.epoch "
    };
}

/// The sessions of a running service.
#[derive(Debug)]
pub(crate) struct SessionStore {
    limits: Limits,
    pub(super) database: Database,
    pub(super) live: Arc<LiveSessions>,
    pub(super) keys: Arc<LiveKeys>,
    pub(super) journal: Journal,
}

/// What is told of a session to whom it belongs.
#[derive(Debug)]
pub(crate) struct SessionDetails {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// When the user logged in.
    pub(crate) created_at: DateTime<Utc>,
    /// When a token of it was last used, to the second.
    pub(crate) last_seen_at: DateTime<Utc>,
    /// However often it is renewed, it ends then.
    pub(crate) ends_at: DateTime<Utc>,
    /// Who logged in, seen through trusted proxies; `None` when it was minted.
    pub(crate) ip: Option<IpAddr>,
    /// What the client called itself.
    pub(crate) user_agent: Option<String>,
    number: i64,
    /// Of its newest token.
    hash: Option<TokenHash>,
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

    /// Ends a session of the user, and tells whether there was one of this id.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_own(&self, own: &LiveSession, id: Uuid) -> Result<bool, Unavailable> {
        let found = self.own(own, Some(id)).await?;
        self.end_all_of(&found).await?;
        Ok(!found.is_empty())
    }

    /// Ends the user's other sessions.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_others(&self, own: &LiveSession) -> Result<(), Unavailable> {
        loop {
            let mut others = self.own(own, None).await?;
            others.retain(|other| other.number != own.number);
            if others.is_empty() {
                return Ok(());
            }
            self.end_all_of(&others).await?;
        }
    }

    /// The user's sessions, the newest first.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn list(
        &self,
        own: &LiveSession,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        let mut sessions = self.own(own, None).await?;
        sessions.retain(|session| session.ends_at > now);
        Ok(sessions)
    }

    /// Some sessions of a user, the newest first.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn page_of(
        &self,
        user: i64,
        part: &Part<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Page<SessionDetails>, Unavailable> {
        let sessions = query_as(concat!(
            select_sessions!(),
            "WHERE user = ?1 AND (?2 IS NULL OR sessions.id < ?2) AND ends_at > ?3
             ORDER BY sessions.id DESC LIMIT ?4"
        ));
        let sessions = sessions.bind(user).bind(part.after.map(|id| id.as_bytes().to_vec()));
        let sessions = sessions.bind(now.timestamp_millis()).bind(part.wanted());
        let mut found = sessions.fetch_all(&mut *self.database.reader().await?).await?;
        self.add_uses(&mut found);
        Ok(part.page(found, |session: &SessionDetails| session.id.to_string()))
    }

    /// What is told of the session, unless it has just ended.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn details(
        &self,
        own: &LiveSession,
    ) -> Result<Option<SessionDetails>, Unavailable> {
        Ok(self.own(own, Some(own.id)).await?.pop())
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

    async fn end_all_of(&self, sessions: &[SessionDetails]) -> Result<(), Unavailable> {
        let numbers: Vec<i64> = sessions.iter().map(|session| session.number).collect();
        // Before their tokens are looked for: one that is being added meanwhile sees it.
        self.live.revoked.begin_to_end(&numbers);
        for session in sessions.iter().filter_map(|session| self.live.session_of(&session.hash?)) {
            session.end();
        }
        self.end(numbers).await
    }

    /// The user's sessions, or the one of this id.
    async fn own(
        &self,
        own: &LiveSession,
        id: Option<Uuid>,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        let mut sessions = self.read_own(own.user.number, id).await?;
        self.add_uses(&mut sessions);
        Ok(sessions)
    }

    /// What is in memory is newer than what was written.
    fn add_uses(&self, sessions: &mut [SessionDetails]) {
        for session in sessions {
            let live = session.hash.and_then(|hash| self.live.session_of(&hash));
            let last_seen = live.map(|live| live.last_seen());
            session.last_seen_at = session.last_seen_at.max(last_seen.unwrap_or_default());
        }
    }

    async fn read_own(
        &self,
        user: i64,
        id: Option<Uuid>,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        let sessions = query_as(concat!(
            select_sessions!(),
            "WHERE user = ?1 AND (?2 IS NULL OR sessions.id = ?2)
             ORDER BY sessions.number DESC LIMIT ?3"
        ));
        let sessions = sessions.bind(user).bind(id.map(|id| id.as_bytes().to_vec()));
        let mut reader = self.database.reader().await?;
        Ok(sessions.bind(MOST_SHOWN).fetch_all(&mut *reader).await?)
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn live(&self) -> &LiveSessions {
        &self.live
    }
}

impl<'r> FromRow<'r, SqliteRow> for SessionDetails {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let instant = |name| -> Result<DateTime<Utc>, sqlx::Error> {
            Ok(DateTime::from_timestamp_millis(row.try_get(name)?).unwrap_or_default())
        };
        let hash: Option<&[u8]> = row.try_get("hash")?;
        let ip: Option<&str> = row.try_get("ip")?;
        Ok(Self {
            number: row.try_get("number")?,
            id: Uuid::from_slice(row.try_get("id")?)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            created_at: instant("created_at")?,
            last_seen_at: instant("last_seen_at")?,
            ends_at: instant("ends_at")?,
            ip: ip.and_then(|ip| ip.parse().ok()),
            user_agent: row.try_get("user_agent")?,
            hash: hash.and_then(TokenHash::read),
        })
    }
}
