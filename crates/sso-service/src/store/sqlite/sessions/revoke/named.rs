//! Tokens that are not valid any more, or are refresh tokens, and still name their session: a
//! log-out by any of them ends it.

use sqlx::{FromRow, Row, SqliteConnection, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    sessions::NamedSession,
    store::{sqlite::store::SqliteStore, unavailable::Unavailable},
    tokens::TokenHash,
};

impl SqliteStore {
    /// The session of a refresh token, also of a spent one, or of a session token that is not in
    /// memory any more. `None` when it has ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_named_by(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, Unavailable> {
        Ok(session_named_by(&mut *self.reader().await?, hash).await?)
    }
}

async fn session_named_by(
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
