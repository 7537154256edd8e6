//! All session tokens, as they are read at a start.

use serde::Deserialize;
use uuid::Uuid;

use super::changes::SessionTokenRow;
use crate::{
    sessions::NewToken,
    store::sql::{Dialects, FromSqlRow, SqlRow, decode},
    tokens::TokenHash,
};

/// All session tokens and their sessions, in batches. The tokens of a session are in one batch, or
/// in successive ones.
///
/// SQLite has a thread of its own, and every value of a row costs more on its way from there than
/// it costs to read. So a row holds the tokens of up to 32 sessions, as one value in JSON. Ranges
/// of session numbers without tokens are skipped.
pub(super) const ALL_TOKENS: Dialects = Dialects {
    sqlite: "WITH RECURSIVE batches (first) AS (
                 SELECT min(session) FROM session_tokens
                 UNION ALL
                 SELECT (SELECT min(session) FROM session_tokens WHERE session >= first + 32)
                     FROM batches WHERE first IS NOT NULL
             )
             SELECT (
                 SELECT json_group_array(json_array(
                     sessions.number, hex(id), user_number, epoch, last_seen_at,
                     coalesce(used_issued_at, created_at), hex(hash), issued_at,
                     session_tokens.expires_at
                 ))
                 FROM session_tokens JOIN sessions ON sessions.number = session
                 WHERE session >= first AND session < first + 32
             ) AS tokens
             FROM batches WHERE first IS NOT NULL",
    postgres: "SELECT sessions.number, id, user_number, epoch, last_seen_at,
                      coalesce(used_issued_at, created_at) AS used_issued_at, hash, issued_at,
                      session_tokens.expires_at
               FROM session_tokens JOIN sessions ON sessions.number = session
               ORDER BY session",
};

/// The tokens of a row of [`ALL_TOKENS`]. Those of a session come one after the other.
pub(super) struct TokenBatch(pub(super) Vec<SessionTokenRow>);

impl FromSqlRow for TokenBatch {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        match row {
            SqlRow::Sqlite(_) => Self::parse(row.get("tokens")?).map_err(decode),
            SqlRow::Postgres(_) => Ok(Self(vec![SessionTokenRow::from_row(row)?])),
        }
    }
}

impl TokenBatch {
    fn parse(tokens: &str) -> Result<Self, serde_json::Error> {
        let tokens: Vec<TokenInJson> = serde_json::from_str(tokens)?;
        let mut tokens: Vec<_> = tokens.into_iter().map(SessionTokenRow::from).collect();
        // SQLite promises no order of an aggregate.
        tokens.sort_by_key(|token| token.session);
        Ok(Self(tokens))
    }
}

/// An array in this order.
#[derive(Deserialize)]
struct TokenInJson {
    session: i64,
    id: Uuid,
    user: i64,
    epoch: i64,
    last_seen_at: i64,
    used_issued_at: i64,
    #[serde(with = "const_hex")]
    hash: [u8; 32],
    issued_at: i64,
    expires_at: i64,
}

impl From<TokenInJson> for SessionTokenRow {
    fn from(token: TokenInJson) -> Self {
        let TokenInJson { session, id, user, epoch, last_seen_at, used_issued_at, .. } = token;
        let TokenInJson { hash, issued_at, expires_at, .. } = token;
        let token = NewToken { hash: TokenHash::from_bytes(hash), issued_at, expires_at };
        Self { session, id, user, epoch, last_seen_at, used_issued_at, token }
    }
}
