//! The sessions of a user, as the user and administrators see and end them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, SqliteConnection, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use super::{live_session::LiveSession, store::SessionStore};
use crate::{
    page::{Page, Part},
    store::Unavailable,
    tokens::TokenHash,
    users::{Account, StoreError, user_by_number},
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
         FROM live_sessions AS sessions JOIN users ON users.number = user "
    };
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
    /// Ends a session of the user, and tells whether there was one of this id.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_own(&self, own: &LiveSession, id: Uuid) -> Result<bool, Unavailable> {
        let found = self.own(own, Some(id)).await?;
        self.end_all_of(&found).await?;
        Ok(!found.is_empty())
    }

    /// Ends the user's other sessions, and tells how many there were.
    ///
    /// # Errors
    /// As [`SessionStore::end`].
    pub(crate) async fn end_others(&self, own: &LiveSession) -> Result<usize, Unavailable> {
        let mut ended = 0;
        loop {
            let mut others = self.own(own, None).await?;
            others.retain(|other| other.number != own.number);
            if others.is_empty() {
                return Ok(ended);
            }
            self.end_all_of(&others).await?;
            ended += others.len();
        }
    }

    /// The user's sessions, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
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
    /// When the database cannot be read.
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
    /// When the database cannot be read.
    pub(crate) async fn details(
        &self,
        own: &LiveSession,
    ) -> Result<Option<SessionDetails>, Unavailable> {
        Ok(self.own(own, Some(own.id)).await?.pop())
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
}

/// The account of the user whose session this is, unless the session has ended or its user may not
/// log in any more.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn session_owner(
    connection: &mut SqliteConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Account>, StoreError> {
    let owner = query_scalar(
        "SELECT user FROM live_sessions AS sessions JOIN users ON users.number = user
         WHERE sessions.id = ? AND ends_at > ? AND NOT disabled",
    );
    let owner = owner.bind(id.as_bytes().as_slice()).bind(now.timestamp_millis());
    let Some(owner) = owner.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    Ok(user_by_number(connection, owner).await?.map(|user| user.account))
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
