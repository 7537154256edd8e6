//! Sessions that another session vouched for: those of the first-party client. They end with it
//! when it is ended, but not when its user logs out or its time is over.

use uuid::Uuid;

use crate::{
    sessions::LiveSessions,
    store::{
        clients::note_ends,
        sql::{SqlConnection, query, with_numbers},
    },
    tokens::TokenHash,
};

/// The numbers of the sessions that these vouched for.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn vouched_for_by(
    connection: &mut SqlConnection,
    sessions: &[i64],
) -> Result<Vec<i64>, sqlx::Error> {
    query(with_numbers!("SELECT number FROM sessions WHERE vouched_by IN "))
        .bind(serde_json::Value::from(sessions).to_string())
        .fetch_all(connection)
        .await
}

/// Ends sessions in memory. They count as revoked until their end is written.
///
/// # Errors
/// When their tokens cannot be read. New tokens of theirs are invalid all the same.
pub(super) async fn end_in_memory(
    connection: &mut SqlConnection,
    live: &LiveSessions,
    sessions: &[i64],
) -> Result<(), sqlx::Error> {
    // Before their tokens are looked for: one that is being added meanwhile sees it.
    live.revoked.begin_to_end(sessions);
    let tokens: Vec<(i64, Vec<u8>)> =
        query(with_numbers!("SELECT session, hash FROM session_tokens WHERE session IN "))
            .bind(serde_json::Value::from(sessions).to_string())
            .fetch_all(connection)
            .await?;
    for (number, hash) in tokens {
        if let Some(session) = TokenHash::read(&hash).and_then(|hash| live.session(number, &hash)) {
            session.end();
        }
    }
    Ok(())
}

/// Deletes a session with those that it vouched for, and gives their ids. Clients are told.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn delete_with_vouched(
    connection: &mut SqlConnection,
    session: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut ending = vouched_for_by(connection, &[session]).await?;
    ending.push(session);
    note_ends(connection, &serde_json::Value::from(ending).to_string()).await?;
    let delete = query("DELETE FROM sessions WHERE number = $1 OR vouched_by = $1 RETURNING id");
    let ids: Vec<Vec<u8>> = delete.bind(session).fetch_all(&mut *connection).await?;
    Ok(ids.iter().filter_map(|id| Uuid::from_slice(id).ok()).collect())
}
