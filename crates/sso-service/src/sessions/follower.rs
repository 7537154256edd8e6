//! Keeps what is in memory as the database is.
//!
//! Everything that changes, by a request here or by a command in another process, leaves a row in
//! the table `changes`. The follower reads on from the last row it knows, and looks at what they
//! name as it is now. So there is one order of things, the database's, and nothing is in force
//! here that was not committed there.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    sync::Arc,
};

use futures_util::TryStreamExt;
use sqlx::{FromRow, Row, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    live::{LiveSessions, NewToken},
    live_session::{LiveSession, LiveUser},
};
use crate::{
    keys::{LiveKeys, live_keys},
    store::Follow,
    tokens::TokenHash,
    users::{User, users_by_number, users_with_role, users_with_sessions},
};

/// How many changes are looked at in one go.
const BATCH: usize = 1000;
/// So many users without a session are not worth a search.
const FEW_USERS: usize = 1000;

/// Who keeps the live sessions and keys up to date.
#[derive(Debug)]
pub(crate) struct Follower {
    live: Arc<LiveSessions>,
    keys: Arc<LiveKeys>,
    /// Everyone who has a session.
    users: HashMap<i64, Arc<LiveUser>>,
    /// How many users there were when those without a session were last forgotten.
    users_before: usize,
    /// The last change that was looked at; `None` before anything was.
    seen: Option<i64>,
}

impl Follower {
    /// Who will keep these sessions and keys up to date.
    pub(crate) fn new(live: Arc<LiveSessions>, keys: Arc<LiveKeys>) -> Self {
        Self { live, keys, users: HashMap::new(), users_before: 0, seen: None }
    }

    /// Reads everything, of one instant.
    async fn load(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        query("BEGIN").execute(&mut *connection).await?;
        let last = query_scalar("SELECT coalesce(max(seq), 0) FROM changes");
        let last: i64 = last.fetch_one(&mut *connection).await?;
        for user in users_with_sessions(connection).await? {
            self.keep_user(user);
        }
        self.load_tokens(connection).await?;
        self.keys.replace(live_keys(connection).await?);
        query("COMMIT").execute(connection).await?;
        self.have_seen(last);
        Ok(())
    }

    async fn load_tokens(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut rows = query(
            "SELECT sessions.number, id, user, epoch, last_seen_at,
                    coalesce(used_issued_at, created_at) AS used_issued_at, hash, issued_at, session_tokens.expires_at
             FROM session_tokens JOIN sessions ON sessions.number = session
             ORDER BY session",
        )
        .fetch(connection);
        // The tokens of a session come one after the other.
        let mut sibling = None;
        while let Some(row) = rows.try_next().await? {
            let token = TokenRow::from_row(&row)?;
            let hash = token.token.hash;
            let of_the_same = sibling.filter(|(session, _)| *session == token.session);
            sibling = Some((token.session, hash));
            self.add(&token, of_the_same.map(|(_, sibling)| sibling));
        }
        Ok(())
    }

    /// Looks at some changes, and tells whether there may be more.
    async fn follow(
        &mut self,
        connection: &mut SqliteConnection,
        seen: i64,
    ) -> Result<ControlFlow<()>, sqlx::Error> {
        let changes = read_changes(connection, seen).await?;
        let Some(last) = changes.last().map(|change| change.seq) else {
            return Ok(ControlFlow::Break(()));
        };
        let mut roles = BTreeSet::new();
        let strangers = self.strangers_in(&changes);
        let mut users = BTreeSet::new();
        for change in &changes {
            match &change.what {
                What::User(number) if self.users.contains_key(number) => {
                    users.insert(*number);
                }
                What::Role(name) => {
                    roles.insert(name.clone());
                }
                _ => {}
            }
        }
        if changes.iter().any(|change| matches!(change.what, What::Key)) {
            self.keys.replace(live_keys(connection).await?);
        }
        self.renew_users(connection, strangers, BTreeSet::new()).await?;
        let more = changes.len() == BATCH;
        for change in changes {
            self.apply(change.what);
        }
        // After the tokens: a session that outlives its user's epoch is never behind it.
        self.renew_users(connection, users, roles).await?;
        self.forget_users();
        self.have_seen(last);
        Ok(if more { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    fn apply(&self, what: What) {
        match what {
            What::Token(token, sibling) => self.add(&token, sibling),
            What::TokenGone(hash) => self.live.remove(&hash),
            What::User(_) | What::Role(_) | What::Key | What::Nothing => {}
        }
    }

    fn add(&self, row: &TokenRow, sibling: Option<TokenHash>) {
        // A session of nobody cannot be used.
        let Some(user) = self.users.get(&row.user) else {
            return;
        };
        let TokenRow { session, id, epoch, last_seen_at, used_issued_at, token, .. } = *row;
        self.live.add(token, sibling, || {
            LiveSession::new(session, id, user.clone(), epoch, last_seen_at, used_issued_at)
        });
    }

    /// Who has a new session and had none before.
    fn strangers_in(&self, changes: &[Change]) -> BTreeSet<i64> {
        let users = changes.iter().filter_map(|change| match &change.what {
            What::Token(token, _) => Some(token.user),
            _ => None,
        });
        users.filter(|user| !self.users.contains_key(user)).collect()
    }

    async fn renew_users(
        &mut self,
        connection: &mut SqliteConnection,
        numbers: BTreeSet<i64>,
        roles: BTreeSet<String>,
    ) -> Result<(), sqlx::Error> {
        if numbers.is_empty() && roles.is_empty() {
            return Ok(());
        }
        let mut gone = numbers.clone();
        for user in users_by_number(connection, numbers).await? {
            gone.remove(&user.number);
            self.keep_user(user);
        }
        for number in gone {
            if let Some(user) = self.users.remove(&number) {
                user.end();
            }
        }
        for role in roles {
            for user in users_with_role(connection, &role).await? {
                if let Some(known) = self.users.get(&user.number) {
                    known.renew(user.epoch, user.account);
                }
            }
        }
        Ok(())
    }

    fn keep_user(&mut self, user: User) {
        match self.users.get(&user.number) {
            Some(known) => known.renew(user.epoch, user.account),
            None => {
                let live = LiveUser::new(user.number, user.epoch, user.account);
                self.users.insert(user.number, Arc::new(live));
            }
        }
    }

    /// Forgets those who have no session any more, when there may be many of them.
    fn forget_users(&mut self) {
        if self.users.len() > 2 * self.users_before + FEW_USERS {
            self.users.retain(|_, user| Arc::strong_count(user) > 1);
            self.users_before = self.users.len();
        }
    }

    fn have_seen(&mut self, change: i64) {
        self.seen = Some(change);
        self.live.set_last_change(change);
    }

    /// First of all: what has changed may take seconds to look at.
    async fn end_all(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let ended = query_scalar("SELECT ended_through FROM session_count");
        self.live.set_ended_through(ended.fetch_one(connection).await?);
        Ok(())
    }

    async fn count(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let count =
            query_scalar("SELECT sessions FROM session_count").fetch_one(connection).await?;
        self.live.set_count(count);
        Ok(())
    }
}

impl Follow for Follower {
    async fn catch_up(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        self.end_all(connection).await?;
        if self.seen.is_none() {
            self.load(connection).await?;
        }
        while let Some(seen) = self.seen {
            if self.follow(connection, seen).await?.is_break() {
                break;
            }
        }
        // Also when nothing has changed: a session that ends without a token leaves no change.
        self.count(connection).await
    }
}

/// A row of `changes`, with what it names as that is now.
struct Change {
    seq: i64,
    what: What,
}

enum What {
    User(i64),
    Role(String),
    /// Some key.
    Key,
    /// A session token, and another one of its session.
    Token(Box<TokenRow>, Option<TokenHash>),
    TokenGone(TokenHash),
    /// What was is no more.
    Nothing,
}

async fn read_changes(
    connection: &mut SqliteConnection,
    seen: i64,
) -> Result<Vec<Change>, sqlx::Error> {
    query_as(
        "SELECT seq, kind, changes.number AS subject, name, changes.hash AS gone,
                sessions.number, id, user, epoch, last_seen_at,
                coalesce(used_issued_at, created_at) AS used_issued_at, token.hash, issued_at, token.expires_at,
                (SELECT hash FROM session_tokens AS older
                     WHERE older.session = token.session AND older.number < token.number
                     ORDER BY older.number DESC LIMIT 1) AS sibling
         FROM changes
         LEFT JOIN session_tokens AS token ON kind = 'token' AND token.number = changes.number
         LEFT JOIN sessions ON sessions.number = token.session
         WHERE seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(seen)
    .bind(BATCH as i64)
    .fetch_all(connection)
    .await
}

impl<'r> FromRow<'r, SqliteRow> for Change {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let what = match row.try_get("kind")? {
            "user" => What::User(row.try_get("subject")?),
            "key" => What::Key,
            "role" => What::Role(row.try_get("name")?),
            "token_gone" => What::TokenGone(hash(row.try_get("gone")?)?),
            "token" if row.try_get::<Option<i64>, _>("number")?.is_some() => {
                let sibling: Option<&[u8]> = row.try_get("sibling")?;
                What::Token(Box::new(TokenRow::from_row(row)?), sibling.map(hash).transpose()?)
            }
            _ => What::Nothing,
        };
        Ok(Self { seq: row.try_get("seq")?, what })
    }
}

/// A session token and its session.
struct TokenRow {
    session: i64,
    id: Uuid,
    user: i64,
    epoch: i64,
    last_seen_at: i64,
    used_issued_at: i64,
    token: NewToken,
}

impl<'r> FromRow<'r, SqliteRow> for TokenRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            session: row.try_get("number")?,
            id: Uuid::from_slice(row.try_get("id")?).map_err(decode)?,
            user: row.try_get("user")?,
            epoch: row.try_get("epoch")?,
            last_seen_at: row.try_get("last_seen_at")?,
            used_issued_at: row.try_get("used_issued_at")?,
            token: NewToken {
                hash: hash(row.try_get("hash")?)?,
                issued_at: row.try_get("issued_at")?,
                expires_at: row.try_get("expires_at")?,
            },
        })
    }
}

fn hash(bytes: &[u8]) -> Result<TokenHash, sqlx::Error> {
    TokenHash::read(bytes).ok_or_else(|| decode("a hash of another length"))
}

fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
