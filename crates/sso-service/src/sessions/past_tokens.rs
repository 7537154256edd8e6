//! Tokens that are not valid any more, or are no session tokens, and still name their session: a
//! log-out by any of them ends it.

use sqlx::{FromRow, Row, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use crate::tokens::TokenHash;

/// Removes session tokens, and remembers which session each belonged to if that goes on.
pub(super) async fn retire(
    connection: &mut SqliteConnection,
    tokens: &[i64],
    now_millis: i64,
) -> Result<(), sqlx::Error> {
    if tokens.is_empty() {
        return Ok(());
    }
    let numbers = serde_json::Value::from(tokens).to_string();
    query(
        "INSERT OR IGNORE INTO past_tokens (hash, session)
         SELECT hash, session FROM session_tokens JOIN sessions ON sessions.number = session
         WHERE session_tokens.number IN (SELECT value FROM json_each(?))
             AND sessions.expires_at > ?",
    )
    .bind(&numbers)
    .bind(now_millis)
    .execute(&mut *connection)
    .await?;
    query("DELETE FROM session_tokens WHERE number IN (SELECT value FROM json_each(?))")
        .bind(&numbers)
        .execute(connection)
        .await?;
    Ok(())
}

/// A session that a token names, and whose it is.
#[derive(Debug)]
pub(crate) struct NamedSession {
    pub(super) number: i64,
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// The user's.
    pub(crate) user_id: Uuid,
    /// The user's.
    pub(crate) username: String,
    /// The hashes of its session tokens.
    pub(super) tokens: Vec<TokenHash>,
}

/// The session that goes on of a refresh token or a past session token, if there is one.
pub(super) async fn session_named_by(
    connection: &mut SqliteConnection,
    hash: &TokenHash,
) -> Result<Option<NamedSession>, sqlx::Error> {
    let named = query_as(
        "SELECT sessions.number, sessions.id, users.id AS user_id, username
         FROM (SELECT session FROM past_tokens WHERE hash = ?1
               UNION ALL SELECT session FROM refresh_tokens WHERE hash = ?1) AS named
         JOIN live_sessions AS sessions ON sessions.number = named.session
         JOIN users ON users.number = sessions.user
         LIMIT 1",
    );
    let named = named.bind(hash.as_bytes()).fetch_optional(&mut *connection).await?;
    let Some(mut named): Option<NamedSession> = named else {
        return Ok(None);
    };
    let tokens = query_scalar("SELECT hash FROM session_tokens WHERE session = ?");
    let tokens: Vec<Vec<u8>> = tokens.bind(named.number).fetch_all(connection).await?;
    named.tokens = tokens.iter().filter_map(|hash| TokenHash::read(hash)).collect();
    Ok(Some(named))
}

impl<'r> FromRow<'r, SqliteRow> for NamedSession {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let decode = |error: uuid::Error| sqlx::Error::Decode(error.into());
        Ok(Self {
            number: row.try_get("number")?,
            id: Uuid::from_slice(row.try_get("id")?).map_err(decode)?,
            user_id: row.try_get::<&str, _>("user_id")?.parse().map_err(decode)?,
            username: row.try_get("username")?,
            tokens: Vec::new(),
        })
    }
}
