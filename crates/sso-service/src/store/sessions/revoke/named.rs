//! Tokens that are not valid any more, or are refresh tokens, and still name their session: a
//! log-out by any of them ends it.

use crate::{
    sessions::NamedSession,
    store::{
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, query, uuid_from_bytes},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

impl Store {
    /// The session of a refresh token, also of a spent one, or of a session token that is not in
    /// memory any more. `None` when it has ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_named_by(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, Unavailable> {
        Ok(session_named_by(&mut self.reader().await?, hash).await?)
    }
}

async fn session_named_by(
    connection: &mut SqlConnection,
    hash: &TokenHash,
) -> Result<Option<NamedSession>, sqlx::Error> {
    let named = query(
        "SELECT sessions.number, sessions.id, users.id AS user_id, username
         FROM (SELECT session FROM past_tokens WHERE hash = $1
               UNION ALL SELECT session FROM session_tokens WHERE hash = $1
               UNION ALL SELECT session FROM refresh_tokens WHERE hash = $1) AS named
         JOIN live_sessions AS sessions ON sessions.number = named.session
         JOIN users ON users.number = sessions.user_number
         LIMIT 1",
    );
    let named = named.bind(hash.as_bytes()).fetch_optional(&mut *connection).await?;
    let Some(mut named): Option<NamedSession> = named else {
        return Ok(None);
    };
    let tokens = query("SELECT hash FROM session_tokens WHERE session = $1");
    let tokens: Vec<Vec<u8>> = tokens.bind(named.number).fetch_all(connection).await?;
    named.tokens = tokens.iter().filter_map(|hash| TokenHash::read(hash)).collect();
    Ok(Some(named))
}

impl FromSqlRow for NamedSession {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("number")?,
            id: uuid_from_bytes(row.get("id")?)?,
            user_id: row
                .get::<&str>("user_id")?
                .parse()
                .map_err(|error: uuid::Error| decode(error))?,
            username: row.get("username")?,
            tokens: Vec::new(),
        })
    }
}
