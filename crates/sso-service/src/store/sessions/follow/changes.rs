//! The rows of the table `changes`, and what they name.

use uuid::Uuid;

use crate::{
    sessions::NewToken,
    store::{
        database::Position,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, query, uuid_from_bytes},
    },
    tokens::TokenHash,
};

/// How many changes are read at a time.
pub(super) const BATCH: usize = 1000;

/// A row of `changes`, with the user, role, key or token that it names.
pub(super) struct Change {
    pub(super) position: Position,
    pub(super) what: Changed,
}

/// The user, role, key or token that a row of `changes` names, as it is now.
pub(super) enum Changed {
    User(i64),
    Role(String),
    /// Some key.
    Key,
    /// A session token, and another one of its session.
    Token(Box<SessionTokenRow>, Option<TokenHash>),
    /// A session token that has ended, and when it would have expired.
    TokenGone(TokenHash, i64),
    /// An instance has started.
    Start,
    /// Nothing that is still there, or that would have to be looked at.
    Nothing,
    /// A kind of change that this version does not know.
    Unknown(String),
}

/// The next changes after this one, at most [`BATCH`].
///
/// They are few and the tokens many, also before a server has statistics: the limit comes first, and
/// `+ 0` keeps it from walking through all tokens by their numbers.
pub(super) async fn read_changes(
    connection: &mut SqlConnection,
    seen: i64,
) -> Result<Vec<Change>, sqlx::Error> {
    query(
        "SELECT seq, tag, kind, changes.number AS subject, name, changes.hash AS gone,
                changes.expires_at AS gone_expires_at,
                sessions.number, id, user_number, epoch, last_seen_at,
                coalesce(used_issued_at, created_at) AS used_issued_at, token.hash, issued_at, token.expires_at,
                (SELECT hash FROM session_tokens AS older
                     WHERE older.session = token.session AND older.number < token.number
                     ORDER BY older.number + 0 DESC LIMIT 1) AS sibling
         FROM (SELECT * FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2) AS changes
         LEFT JOIN session_tokens AS token ON kind = 'token' AND token.number = changes.number
         LEFT JOIN sessions ON sessions.number = token.session
         ORDER BY seq",
    )
    .bind(seen)
    .bind(BATCH as i64)
    .fetch_all(connection)
    .await
}

impl FromSqlRow for Change {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let what = match row.get("kind")? {
            "user" => Changed::User(row.get("subject")?),
            "key" => Changed::Key,
            "role" => Changed::Role(row.get("name")?),
            // A row of an earlier version does not say when.
            "token_gone" => Changed::TokenGone(
                hash(row.get("gone")?)?,
                row.get::<Option<i64>>("gone_expires_at")?.unwrap_or(i64::MAX),
            ),
            "start" => Changed::Start,
            "token" if row.get::<Option<i64>>("number")?.is_some() => {
                let sibling: Option<&[u8]> = row.get("sibling")?;
                Changed::Token(
                    Box::new(SessionTokenRow::from_row(row)?),
                    sibling.map(hash).transpose()?,
                )
            }
            "token" | "all_ended" => Changed::Nothing,
            kind => Changed::Unknown(kind.to_owned()),
        };
        let position = Position { change: row.get("seq")?, tag: row.get("tag")? };
        Ok(Self { position, what })
    }
}

/// A session token and its session.
pub(super) struct SessionTokenRow {
    pub(super) session: i64,
    pub(super) id: Uuid,
    pub(super) user: i64,
    pub(super) epoch: i64,
    pub(super) last_seen_at: i64,
    pub(super) used_issued_at: i64,
    pub(super) token: NewToken,
}

impl FromSqlRow for SessionTokenRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            session: row.get("number")?,
            id: uuid_from_bytes(row.get("id")?)?,
            user: row.get("user_number")?,
            epoch: row.get("epoch")?,
            last_seen_at: row.get("last_seen_at")?,
            used_issued_at: row.get("used_issued_at")?,
            token: NewToken {
                hash: hash(row.get("hash")?)?,
                issued_at: row.get("issued_at")?,
                expires_at: row.get("expires_at")?,
            },
        })
    }
}

fn hash(bytes: &[u8]) -> Result<TokenHash, sqlx::Error> {
    TokenHash::read(bytes).ok_or_else(|| decode("a hash of another length"))
}
