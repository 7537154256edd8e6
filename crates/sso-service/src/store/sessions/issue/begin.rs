//! A log-in: a session begins, and another may have to make room.

use uuid::Uuid;

use super::tokens::{add_refresh_token, add_session_token};
use crate::{
    sessions::{LiveSessions, NewSession, SessionLimits},
    store::{
        errors::{BeginSessionError, TooManySessions},
        handle::Store,
        sessions::vouched::delete_with_vouched,
        sql::{FromSqlRow, SqlConnection, SqlRow, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
    users::PasswordHash,
};

impl Store {
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
        let work = async move |connection: &mut SqlConnection| {
            begin(connection, &session, limits, &live).await
        };
        self.database.write_addition(work).await
    }
}

async fn begin(
    connection: &mut SqlConnection,
    session: &NewSession,
    limits: SessionLimits,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, BeginSessionError> {
    if live.revoked.has_revoked(session.user, session.epoch) {
        // The revocation is not in the database yet, so the database cannot answer.
        return Err(BeginSessionError::Unavailable(Unavailable::Silent));
    }
    let epoch = present_epoch(connection, session).await?;
    add_session(connection, session, epoch, limits, live).await
}

/// Adds a session of this epoch. If the user has too many, the least recently used ones end, with
/// those that they vouched for; their ids are given.
///
/// # Errors
/// When there are too many sessions in all, or the database cannot be written.
pub(in crate::store::sessions) async fn add_session<
    E: From<TooManySessions> + From<sqlx::Error>,
>(
    connection: &mut SqlConnection,
    session: &NewSession,
    epoch: i64,
    limits: SessionLimits,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, E> {
    let evicted = make_room(connection, session, epoch, limits.per_user, live).await?;
    let sessions: i64 =
        query("SELECT sessions FROM session_count").fetch_one(&mut *connection).await?;
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
    connection: &mut SqlConnection,
    session: &NewSession,
) -> Result<i64, BeginSessionError> {
    // A hash that was only renewed, with other parameters, leaves the epoch as it is.
    let epoch = query(
        "SELECT epoch FROM users
         WHERE number = $1 AND (epoch = $2 OR password_hash = $3) AND NOT disabled",
    );
    let hash = session.password_hash.as_ref().map(PasswordHash::expose);
    let epoch = epoch.bind(session.user).bind(session.epoch).bind(hash);
    epoch.fetch_optional(connection).await?.ok_or(BeginSessionError::UserChanged)
}

/// One of the user's sessions, with its newest token.
struct OwnSession {
    number: i64,
    last_seen_at: i64,
    hash: Option<Vec<u8>>,
}

impl FromSqlRow for OwnSession {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("number")?,
            last_seen_at: row.get("last_seen_at")?,
            hash: row.get("hash")?,
        })
    }
}

/// Ends the user's least recently used sessions until there is room for one more.
async fn make_room(
    connection: &mut SqlConnection,
    session: &NewSession,
    epoch: i64,
    per_user: usize,
    live: &LiveSessions,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let own = query(
        "SELECT number, last_seen_at, (SELECT hash FROM session_tokens
             WHERE session = sessions.number ORDER BY session_tokens.number DESC LIMIT 1) AS hash
         FROM live_sessions AS sessions
         WHERE user_number = $1 AND epoch = $2 AND NOT minted AND expires_at > $3 ORDER BY number",
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
    let mut ended = Vec::new();
    for own in &own {
        ended.extend(delete_with_vouched(connection, own.number).await?);
    }
    Ok(ended)
}

impl OwnSession {
    /// The time in memory is newer than the written one.
    fn last_seen(&self, live: &LiveSessions) -> i64 {
        let hash = self.hash.as_deref().and_then(TokenHash::read);
        let session = hash.and_then(|hash| live.session(self.number, &hash));
        session.map_or(0, |session| session.last_seen_millis()).max(self.last_seen_at)
    }
}

async fn insert(
    connection: &mut SqlConnection,
    session: &NewSession,
    epoch: i64,
) -> Result<(), sqlx::Error> {
    let now = session.now.timestamp_millis();
    let last_expiry = session.token_expires_at.max(session.refresh_expires_at);
    let number: i64 = query(
        "INSERT INTO sessions (id, user_number, epoch, created_at, last_seen_at, expires_at, ends_at,
                               ip, user_agent, vouched_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING number",
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
    .bind(session.vouched_by)
    .fetch_one(&mut *connection)
    .await?;
    add_session_token(connection, number, &session.token, session.now, session.token_expires_at)
        .await?;
    add_refresh_token(connection, number, &session.refresh_token, session.refresh_expires_at).await
}
