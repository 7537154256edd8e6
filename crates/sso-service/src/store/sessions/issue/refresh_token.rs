//! Refresh tokens as they stand in the tables.

use crate::{
    sessions::StoredRefreshToken,
    store::sql::{FromSqlRow, SqlConnection, SqlRow, query, uuid_from_bytes},
    tokens::{Nonce, TokenHash},
};

/// The refresh token of this hash, if it was ever issued and its session is there.
pub(super) async fn find_refresh_token(
    connection: &mut SqlConnection,
    hash: &TokenHash,
) -> Result<Option<StoredRefreshToken>, sqlx::Error> {
    let row = query(
        "SELECT refresh_tokens.expires_at, spent_at, nonce, token_expires_at,
                successor_expires_at, session, id, user_number, epoch, created_at, rotated_at,
                used_issued_at, ends_at, (SELECT hash FROM session_tokens
                    WHERE session = sessions.number
                    ORDER BY session_tokens.number DESC LIMIT 1) AS newest
         FROM refresh_tokens JOIN live_sessions AS sessions ON sessions.number = session
         WHERE refresh_tokens.hash = $1",
    );
    row.bind(hash.as_bytes()).fetch_optional(connection).await
}

impl FromSqlRow for StoredRefreshToken {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let nonce: Option<&[u8]> = row.get("nonce")?;
        let newest: Option<&[u8]> = row.get("newest")?;
        Ok(Self {
            expires_at: row.get("expires_at")?,
            spent_at: row.get("spent_at")?,
            nonce: nonce.and_then(Nonce::read),
            token_expires_at: row.get("token_expires_at")?,
            successor_expires_at: row.get("successor_expires_at")?,
            session: row.get("session")?,
            id: uuid_from_bytes(row.get("id")?)?,
            user: row.get("user_number")?,
            epoch: row.get("epoch")?,
            created_at: row.get("created_at")?,
            rotated_at: row.get("rotated_at")?,
            used_issued_at: row.get("used_issued_at")?,
            ends_at: row.get("ends_at")?,
            newest: newest.and_then(TokenHash::read),
        })
    }
}
