//! The sessions of a user, as the user and administrators see them.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::{
    page::{Page, Part},
    sessions::{LiveSession, SessionDetails, SessionOfUser},
    store::{
        errors::StoreError,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, instant, query, uuid_from_bytes},
        unavailable::Unavailable,
        users::user_by_number,
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
         FROM live_sessions AS sessions JOIN users ON users.number = user_number "
    };
}

impl Store {
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
        let sessions = query(concat!(
            select_sessions!(),
            "WHERE user_number = $1 AND ($2 IS NULL OR sessions.id < $2) AND ends_at > $3
             ORDER BY sessions.id DESC LIMIT $4"
        ));
        let sessions = sessions.bind(user).bind(part.after.map(|id| id.as_bytes().to_vec()));
        let sessions = sessions.bind(now.timestamp_millis()).bind(part.wanted());
        let mut found = sessions.fetch_all(&mut self.reader().await?).await?;
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
        let mut rows = query(
            "SELECT sessions.id, username, sessions.created_at, last_seen_at, ends_at, ip
             FROM live_sessions AS sessions JOIN users ON users.number = user_number
             WHERE ($1 IS NULL OR username = $1) AND expires_at > $2 ORDER BY sessions.number",
        )
        .bind(user.map(Username::as_str))
        .bind(now.timestamp_millis())
        .fetch(&mut reader);
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
        let sessions = query(concat!(
            select_sessions!(),
            "WHERE user_number = $1 AND ($2 IS NULL OR sessions.id = $2)
             ORDER BY sessions.number DESC LIMIT $3"
        ));
        let sessions = sessions.bind(own.user.number).bind(id.map(|id| id.as_bytes().to_vec()));
        let sessions = sessions.bind(MOST_SHOWN);
        let mut sessions = sessions.fetch_all(&mut self.reader().await?).await?;
        self.add_uses(&mut sessions);
        Ok(sessions)
    }

    /// The last uses in memory are newer than the written ones.
    fn add_uses(&self, sessions: &mut [SessionDetails]) {
        for session in sessions {
            let live = session.hash.and_then(|hash| self.live.session(session.number, &hash));
            let last_seen = live.map(|live| live.last_seen());
            session.last_seen_at = session.last_seen_at.max(last_seen.unwrap_or_default());
        }
    }
}

/// The account of the user of a session, unless the session has ended or the user is disabled.
///
/// # Errors
/// When it cannot be read.
pub(in crate::store) async fn session_owner(
    connection: &mut SqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Account>, StoreError> {
    let owner = query(
        "SELECT user_number FROM live_sessions AS sessions JOIN users ON users.number = user_number
         WHERE sessions.id = $1 AND ends_at > $2 AND NOT disabled",
    );
    let owner = owner.bind(id.as_bytes().as_slice()).bind(now.timestamp_millis());
    let Some(owner) = owner.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    Ok(user_by_number(connection, owner).await?.map(|user| user.account))
}

impl FromSqlRow for SessionDetails {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let hash: Option<&[u8]> = row.get("hash")?;
        let ip: Option<&str> = row.get("ip")?;
        Ok(Self {
            number: row.get("number")?,
            id: uuid_from_bytes(row.get("id")?)?,
            created_at: instant(row.get("created_at")?)?,
            last_seen_at: instant(row.get("last_seen_at")?)?,
            ends_at: instant(row.get("ends_at")?)?,
            ip: ip.and_then(|ip| ip.parse().ok()),
            user_agent: row.get("user_agent")?,
            hash: hash.and_then(TokenHash::read),
        })
    }
}

impl FromSqlRow for SessionOfUser {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: uuid_from_bytes(row.get("id")?)?,
            username: row.get("username")?,
            created_at: instant(row.get("created_at")?)?,
            last_seen_at: instant(row.get("last_seen_at")?)?,
            ends_at: instant(row.get("ends_at")?)?,
            ip: row.get("ip")?,
        })
    }
}
