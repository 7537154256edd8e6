//! The sessions of a user, as the user and administrators see them.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::{FromRow, Row, SqliteConnection, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    page::{Page, Part},
    sessions::{LiveSession, SessionDetails, SessionOfUser},
    store::{
        errors::StoreError,
        sqlite::{store::SqliteStore, users::user_by_number},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
    users::{Account, Username},
};

/// How many of a user's own sessions are shown at most: more than a user gets by logging in.
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

impl SqliteStore {
    /// The user's sessions, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn own_sessions(
        &self,
        own: &LiveSession,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        let mut sessions = self.own(own, None).await?;
        sessions.retain(|session| session.ends_at > now);
        Ok(sessions)
    }

    /// The details of the session, unless it has just ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_details(
        &self,
        own: &LiveSession,
    ) -> Result<Option<SessionDetails>, Unavailable> {
        Ok(self.own(own, Some(own.id)).await?.pop())
    }

    /// A page of a user's sessions, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn sessions_of(
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
        let mut found = sessions.fetch_all(&mut *self.reader().await?).await?;
        self.add_uses(&mut found);
        Ok(part.page(found, |session: &SessionDetails| session.id.to_string()))
    }

    /// Shows every session whose time is not over, the oldest first, or those of one user. Each is
    /// shown as it is read: there may be millions.
    ///
    /// # Errors
    /// When the database cannot be read, or the error of `show`.
    pub(crate) async fn each_session<E: From<Unavailable>>(
        &self,
        user: Option<&Username>,
        now: DateTime<Utc>,
        mut show: impl FnMut(SessionOfUser) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = self.reader().await?;
        let mut rows = query_as(
            "SELECT sessions.id, username, sessions.created_at, last_seen_at, ends_at, ip
             FROM live_sessions AS sessions JOIN users ON users.number = user
             WHERE (?1 IS NULL OR username = ?1) AND expires_at > ?2 ORDER BY sessions.number",
        )
        .bind(user.map(Username::as_str))
        .bind(now.timestamp_millis())
        .fetch(&mut *reader);
        while let Some(session) = rows.try_next().await.map_err(Unavailable::from)? {
            show(session)?;
        }
        Ok(())
    }

    /// The user's sessions, or the one of this id.
    pub(super) async fn own(
        &self,
        own: &LiveSession,
        id: Option<Uuid>,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        let sessions = query_as(concat!(
            select_sessions!(),
            "WHERE user = ?1 AND (?2 IS NULL OR sessions.id = ?2)
             ORDER BY sessions.number DESC LIMIT ?3"
        ));
        let sessions = sessions.bind(own.user.number).bind(id.map(|id| id.as_bytes().to_vec()));
        let sessions = sessions.bind(MOST_SHOWN);
        let mut sessions = sessions.fetch_all(&mut *self.reader().await?).await?;
        self.add_uses(&mut sessions);
        Ok(sessions)
    }

    /// The last uses in memory are newer than the written ones.
    fn add_uses(&self, sessions: &mut [SessionDetails]) {
        for session in sessions {
            let live = session.hash.and_then(|hash| self.live.session_of(&hash));
            let last_seen = live.map(|live| live.last_seen());
            session.last_seen_at = session.last_seen_at.max(last_seen.unwrap_or_default());
        }
    }
}

/// The account of the user of a session, unless the session has ended or the user is disabled.
///
/// # Errors
/// When it cannot be read.
pub(in crate::store::sqlite) async fn session_owner(
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
        let hash: Option<&[u8]> = row.try_get("hash")?;
        let ip: Option<&str> = row.try_get("ip")?;
        Ok(Self {
            number: row.try_get("number")?,
            id: id(row)?,
            created_at: instant(row, "created_at")?,
            last_seen_at: instant(row, "last_seen_at")?,
            ends_at: instant(row, "ends_at")?,
            ip: ip.and_then(|ip| ip.parse().ok()),
            user_agent: row.try_get("user_agent")?,
            hash: hash.and_then(TokenHash::read),
        })
    }
}

impl<'r> FromRow<'r, SqliteRow> for SessionOfUser {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: id(row)?,
            username: row.try_get("username")?,
            created_at: instant(row, "created_at")?,
            last_seen_at: instant(row, "last_seen_at")?,
            ends_at: instant(row, "ends_at")?,
            ip: row.try_get("ip")?,
        })
    }
}

fn id(row: &SqliteRow) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get("id")?).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn instant(row: &SqliteRow, column: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    Ok(DateTime::from_timestamp_millis(row.try_get(column)?).unwrap_or_default())
}
