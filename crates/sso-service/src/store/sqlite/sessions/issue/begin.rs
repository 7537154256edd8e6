//! A log-in: a session begins, and another may have to make room.

use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::tokens::{add_refresh_token, add_session_token};
use crate::{
    sessions::{LiveSessions, NewSession, SessionLimits},
    store::{
        errors::{BeginSessionError, TooManySessions},
        sqlite::store::SqliteStore,
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

impl SqliteStore {
    /// Begins a session. If the user has too many, the least recently used ones end; their ids are
    /// given.
    ///
    /// # Errors
    /// When the user has changed since the password was verified, there are too many sessions in
    /// all, or the database cannot be written.
    pub(crate) async fn begin_session(
        &self,
        session: NewSession,
    ) -> Result<Vec<Uuid>, BeginSessionError> {
        let (limits, live) = (self.limits, self.live.clone());
        let work = async move |connection: &mut SqliteConnection| {
            begin(connection, &session, limits, &live).await
        };
        self.database.write(work).await
    }
}

async fn begin(
    connection: &mut SqliteConnection,
    session: &NewSession,
    limits: SessionLimits,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, BeginSessionError> {
    if live.revoked.has_revoked(session.user, session.epoch) {
        // The revocation is not in the database yet, so the database cannot answer.
        return Err(BeginSessionError::Unavailable(Unavailable::Silent));
    }
    let epoch = present_epoch(connection, session).await?;
    let evicted = make_room(connection, session, epoch, limits.per_user, live).await?;
    let sessions: i64 =
        query_scalar("SELECT sessions FROM session_count").fetch_one(&mut *connection).await?;
    if usize::try_from(sessions).is_ok_and(|sessions| sessions >= limits.total) {
        return Err(TooManySessions.into());
    }
    insert(connection, session, epoch).await?;
    Ok(evicted)
}

/// The user's epoch now. After the password was verified the user may have been disabled or
/// deleted, or may have got another password. If only the user's sessions have been ended, the
/// password is right all the same.
async fn present_epoch(
    connection: &mut SqliteConnection,
    session: &NewSession,
) -> Result<i64, BeginSessionError> {
    // A hash that was only renewed, with other parameters, leaves the epoch as it is.
    let epoch = query_scalar(
        "SELECT epoch FROM users
         WHERE number = ? AND (epoch = ? OR password_hash = ?) AND NOT disabled",
    );
    let epoch = epoch.bind(session.user).bind(session.epoch).bind(session.password_hash.expose());
    epoch.fetch_optional(connection).await?.ok_or(BeginSessionError::UserChanged)
}

/// One of the user's sessions, with its newest token.
#[derive(FromRow)]
struct OwnSession {
    number: i64,
    id: Vec<u8>,
    last_seen_at: i64,
    hash: Option<Vec<u8>>,
}

/// Ends the user's least recently used sessions until there is room for one more.
async fn make_room(
    connection: &mut SqliteConnection,
    session: &NewSession,
    epoch: i64,
    per_user: usize,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let own = query_as(
        "SELECT number, id, last_seen_at, (SELECT hash FROM session_tokens
             WHERE session = sessions.number ORDER BY session_tokens.number DESC LIMIT 1) AS hash
         FROM live_sessions AS sessions
         WHERE user = ? AND epoch = ? AND NOT minted AND expires_at > ? ORDER BY number",
    );
    let own = own.bind(session.user).bind(epoch).bind(session.now.timestamp_millis());
    let mut own: Vec<OwnSession> = own.fetch_all(&mut *connection).await?;
    let too_many = (own.len() + 1).saturating_sub(per_user);
    if too_many == 0 {
        return Ok(Vec::new());
    }
    // The sort is stable: of two that were used at the same time, the older one ends.
    own.sort_by_key(|own| own.last_seen(live));
    own.truncate(too_many);
    for own in &own {
        query("DELETE FROM sessions WHERE number = ?")
            .bind(own.number)
            .execute(&mut *connection)
            .await?;
    }
    Ok(own.iter().filter_map(|own| Uuid::from_slice(&own.id).ok()).collect())
}

impl OwnSession {
    /// The time in memory is newer than the written one.
    fn last_seen(&self, live: &LiveSessions) -> i64 {
        let hash = self.hash.as_deref().and_then(TokenHash::read);
        let session = hash.and_then(|hash| live.session_of(&hash));
        session.map_or(0, |session| session.last_seen_millis()).max(self.last_seen_at)
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    session: &NewSession,
    epoch: i64,
) -> Result<(), sqlx::Error> {
    let now = session.now.timestamp_millis();
    let last_expiry = session.token_expires_at.max(session.refresh_expires_at);
    let number = query(
        "INSERT INTO sessions (id, user, epoch, created_at, last_seen_at, expires_at, ends_at,
                               ip, user_agent)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id.as_bytes().as_slice())
    .bind(session.user)
    .bind(epoch)
    .bind(now)
    .bind(now)
    .bind(last_expiry.timestamp_millis())
    .bind(session.ends_at.timestamp_millis())
    .bind(session.client.ip.to_string())
    .bind(session.client.user_agent.as_deref())
    .execute(&mut *connection)
    .await?
    .last_insert_rowid();
    add_session_token(connection, number, &session.token, session.now, session.token_expires_at)
        .await?;
    add_refresh_token(connection, number, &session.refresh_token, session.refresh_expires_at).await
}
