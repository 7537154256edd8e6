//! A log-in: a session begins, and another may have to make room.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{client::Client, live::LiveSessions};
use crate::{store::Unavailable, tokens::TokenHash, users::PasswordHash};

/// How many sessions there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of one user: the least recently used one goes.
    pub(crate) per_user: usize,
    /// In all: nobody can log in beyond it.
    pub(crate) total: usize,
}

/// A session that is to begin.
#[derive(Debug)]
pub(crate) struct NewSession {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// The number of whose it is.
    pub(crate) user: i64,
    /// The user's, when the password was found right.
    pub(crate) epoch: i64,
    /// The hash of the password that was found right.
    pub(crate) password_hash: PasswordHash,
    /// Who logged in.
    pub(crate) client: Client,
    /// The hash of its session token.
    pub(crate) token: TokenHash,
    /// The hash of its refresh token.
    pub(crate) refresh_token: TokenHash,
    /// When it begins.
    pub(crate) now: DateTime<Utc>,
    /// When its session token expires.
    pub(crate) token_expires_at: DateTime<Utc>,
    /// When its refresh token expires.
    pub(crate) refresh_expires_at: DateTime<Utc>,
    /// No token of it outlives this.
    pub(crate) ends_at: DateTime<Utc>,
}

/// Writes a new session, and ends the user's least recently used ones if there are too many. Gives
/// the ids of those.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    session: &NewSession,
    limits: Limits,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, BeginError> {
    if live.revoked.has_revoked(session.user, session.epoch) {
        // What is revoked is not in the database yet, which cannot tell.
        return Err(BeginError::Unavailable(Unavailable::Silent));
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

/// The user's epoch now. Between the look at the password and here the user may have been disabled
/// or deleted, or may have got another password. If only the user's sessions have been ended, the
/// password is right all the same.
async fn present_epoch(
    connection: &mut SqliteConnection,
    session: &NewSession,
) -> Result<i64, BeginError> {
    // A hash that was only renewed, with other parameters, leaves the epoch as it is.
    let epoch = query_scalar(
        "SELECT epoch FROM users
         WHERE number = ? AND (epoch = ? OR password_hash = ?) AND NOT disabled",
    );
    let epoch = epoch.bind(session.user).bind(session.epoch).bind(session.password_hash.expose());
    epoch.fetch_optional(connection).await?.ok_or(BeginError::UserChanged)
}

/// One of the user's sessions, with its newest token.
#[derive(FromRow)]
struct Own {
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
    let mut own: Vec<Own> = own.fetch_all(&mut *connection).await?;
    let too_many = (own.len() + 1).saturating_sub(per_user);
    if too_many == 0 {
        return Ok(Vec::new());
    }
    // The sort is stable: of two that were used at the same time, the older one goes.
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

impl Own {
    /// What is in memory is newer than what was written.
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

/// Writes a session token.
pub(super) async fn add_session_token(
    connection: &mut SqliteConnection,
    session: i64,
    hash: &TokenHash,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    query("INSERT INTO session_tokens (session, hash, issued_at, expires_at) VALUES (?, ?, ?, ?)")
        .bind(session)
        .bind(hash.as_bytes())
        .bind(issued_at.timestamp_millis())
        .bind(expires_at.timestamp_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes a refresh token.
pub(super) async fn add_refresh_token(
    connection: &mut SqliteConnection,
    session: i64,
    hash: &TokenHash,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    query("INSERT INTO refresh_tokens (hash, session, expires_at) VALUES (?, ?, ?)")
        .bind(hash.as_bytes())
        .bind(session)
        .bind(expires_at.timestamp_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// No session was begun, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// The user is not any more who knew the password.
    #[error("the user was disabled, deleted or given another password meanwhile")]
    UserChanged,
    /// There is no room.
    #[error(transparent)]
    TooManySessions(#[from] TooManySessions),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for BeginError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Nobody can log in until somebody has logged out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are as many sessions as there may be")]
pub(crate) struct TooManySessions;
