//! Writing and retiring the tokens of a session.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};

use crate::tokens::TokenHash;

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

/// Removes session tokens, and remembers which session each belonged to if the session goes on.
pub(in crate::store::sqlite::sessions) async fn retire(
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
