//! Writing and retiring the tokens of a session.

use chrono::{DateTime, Utc};

use crate::{
    store::sql::{SqlConnection, query, with_numbers},
    tokens::TokenHash,
};

/// Writes a session token.
pub(super) async fn add_session_token(
    connection: &mut SqlConnection,
    session: i64,
    hash: &TokenHash,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO session_tokens (session, hash, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
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
    connection: &mut SqlConnection,
    session: i64,
    hash: &TokenHash,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    query("INSERT INTO refresh_tokens (hash, session, expires_at) VALUES ($1, $2, $3)")
        .bind(hash.as_bytes())
        .bind(session)
        .bind(expires_at.timestamp_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes session tokens, and remembers which session each belonged to if the session goes on.
pub(in crate::store::sessions) async fn retire(
    connection: &mut SqlConnection,
    tokens: &[i64],
    now_millis: i64,
) -> Result<(), sqlx::Error> {
    if tokens.is_empty() {
        return Ok(());
    }
    let numbers = serde_json::Value::from(tokens).to_string();
    query(with_numbers!(
        "INSERT INTO past_tokens (hash, session)
         SELECT hash, session FROM session_tokens JOIN sessions ON sessions.number = session
         WHERE session_tokens.number IN ",
        " AND sessions.expires_at > $2 ON CONFLICT DO NOTHING"
    ))
    .bind(&numbers)
    .bind(now_millis)
    .execute(&mut *connection)
    .await?;
    query(with_numbers!("DELETE FROM session_tokens WHERE number IN "))
        .bind(&numbers)
        .execute(connection)
        .await?;
    Ok(())
}
