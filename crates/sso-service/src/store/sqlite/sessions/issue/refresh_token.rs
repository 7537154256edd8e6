//! Refresh tokens as they stand in the tables.

use sqlx::{FromRow, Row, SqliteConnection, query_as, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    sessions::StoredRefreshToken,
    tokens::{Nonce, TokenHash},
};

/// The refresh token of this hash, if it was ever issued and its session is there.
pub(super) async fn find_refresh_token(
    connection: &mut SqliteConnection,
    hash: &TokenHash,
) -> Result<Option<StoredRefreshToken>, sqlx::Error> {
    let row = query_as(
        "SELECT refresh_tokens.expires_at, spent_at, nonce, token_expires_at,
                successor_expires_at, session, id, user, epoch, created_at, rotated_at,
                used_issued_at, ends_at, (SELECT hash FROM session_tokens
                    WHERE session = sessions.number
                    ORDER BY session_tokens.number DESC LIMIT 1) AS newest
         FROM refresh_tokens JOIN live_sessions AS sessions ON sessions.number = session
         WHERE refresh_tokens.hash = ?",
    );
    row.bind(hash.as_bytes()).fetch_optional(connection).await
}

impl<'r> FromRow<'r, SqliteRow> for StoredRefreshToken {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let id = Uuid::from_slice(row.try_get("id")?);
        let nonce: Option<&[u8]> = row.try_get("nonce")?;
        let newest: Option<&[u8]> = row.try_get("newest")?;
        Ok(Self {
            expires_at: row.try_get("expires_at")?,
            spent_at: row.try_get("spent_at")?,
            nonce: nonce.and_then(Nonce::read),
            token_expires_at: row.try_get("token_expires_at")?,
            successor_expires_at: row.try_get("successor_expires_at")?,
            session: row.try_get("session")?,
            id: id.map_err(|error| sqlx::Error::Decode(error.into()))?,
            user: row.try_get("user")?,
            epoch: row.try_get("epoch")?,
            created_at: row.try_get("created_at")?,
            rotated_at: row.try_get("rotated_at")?,
            used_issued_at: row.try_get("used_issued_at")?,
            ends_at: row.try_get("ends_at")?,
            newest: newest.and_then(TokenHash::read),
        })
    }
}
