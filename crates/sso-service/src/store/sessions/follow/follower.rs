//! Keeps the sessions and keys in memory up to date with the database.
//!
//! Everything that changes, by a request here or by a command in another process, leaves a row in
//! the table `changes`. The follower reads on from the last row it knows, and looks at what they
//! name as it is now. So there is one order of things, the database's, and nothing is in force
//! here that was not committed there.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use futures_util::TryStreamExt;

use super::{
    all_tokens::{ALL_TOKENS, TokenBatch},
    changes::{BATCH, Change, Changed, SessionTokenRow, read_changes},
    history::begin_history,
};
use crate::{
    keys::LiveKeys,
    sessions::{History, LiveSession, LiveSessions, LiveUser},
    store::{
        database::{Follow, FollowError, Position},
        keys::live_keys,
        sql::{Dialects, SqlConnection, query, run_script},
        users::{users_by_number, users_with_role, users_with_sessions},
    },
    tokens::TokenHash,
    users::User,
};

/// So many users without a session are not worth a search.
const FEW_USERS: usize = 1000;

/// Keeps the live sessions and keys up to date.
#[derive(Debug)]
pub(in crate::store) struct Follower {
    live: Arc<LiveSessions>,
    keys: Arc<LiveKeys>,
    /// How many users there were when those without a session were last forgotten.
    users_before: usize,
    /// The last change that was looked at; `None` before anything was.
    seen: Option<Position>,
}

impl Follower {
    /// A follower that will keep these sessions and keys up to date.
    pub(in crate::store) fn new(live: Arc<LiveSessions>, keys: Arc<LiveKeys>) -> Self {
        Self { live, keys, users_before: 0, seen: None }
    }

    /// Reads everything, of one instant.
    async fn load(&mut self, connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        let last = query("SELECT seq, tag FROM changes ORDER BY seq DESC LIMIT 1");
        let last: Option<(i64, String)> = last.fetch_optional(&mut *connection).await?;
        for user in users_with_sessions(connection).await? {
            self.keep_user(user);
        }
        match self.live.shared() {
            None => self.load_tokens(connection).await?,
            Some(shared) => begin_history(shared, connection).await?,
        }
        self.keys.replace(live_keys(connection).await?);
        let last = last.map(|(change, tag)| Position { change, tag });
        self.have_seen(last.unwrap_or_default());
        Ok(())
    }

    async fn load_tokens(&mut self, connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        let mut batches = query(ALL_TOKENS).fetch(connection);
        // The tokens of a session come one after the other.
        let mut sibling = None;
        while let Some(TokenBatch(tokens)) = batches.try_next().await? {
            for token in tokens {
                let hash = token.token.hash;
                let of_the_same = sibling.filter(|(session, _)| *session == token.session);
                sibling = Some((token.session, hash));
                self.add(&token, of_the_same.map(|(_, sibling)| sibling));
            }
        }
        Ok(())
    }

    /// Looks at some changes, and tells whether there may be more.
    async fn follow(
        &mut self,
        connection: &mut SqlConnection,
        seen: i64,
    ) -> Result<ControlFlow<()>, FollowError> {
        let changes = read_changes(connection, seen).await?;
        let Some(last) = changes.last().map(|change| change.position.clone()) else {
            return Ok(ControlFlow::Break(()));
        };
        let mut roles = BTreeSet::new();
        let added = self.users_added_by(&changes);
        let mut users = BTreeSet::new();
        for change in &changes {
            match &change.what {
                Changed::User(number) if self.live.users.contains_key(number) => {
                    users.insert(*number);
                }
                Changed::Role(name) => {
                    roles.insert(name.clone());
                }
                Changed::Unknown(kind) => return Err(FollowError::UnknownChange(kind.clone())),
                _ => {}
            }
        }
        if changes.iter().any(|change| matches!(change.what, Changed::Key)) {
            self.keys.replace(live_keys(connection).await?);
        }
        self.renew_users(connection, added, BTreeSet::new()).await?;
        let more = changes.len() == BATCH;
        for change in changes {
            self.apply(change);
        }
        // After the tokens: a session that outlives its user's epoch is never behind it.
        self.renew_users(connection, users, roles).await?;
        self.forget_users(connection).await?;
        self.have_seen(last);
        Ok(if more { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    fn apply(&self, change: Change) {
        match change.what {
            Changed::Token(token, sibling) => self.add(&token, sibling),
            Changed::TokenGone(hash, expires_at) => self.live.remove(&hash, expires_at),
            Changed::Start => {
                let history = History::of_tag(&change.position.tag);
                if let (Some(shared), Some(history)) = (self.live.shared(), history) {
                    shared.begin_history(history);
                }
            }
            Changed::User(_)
            | Changed::Role(_)
            | Changed::Key
            | Changed::Nothing
            | Changed::Unknown(_) => {}
        }
    }

    fn add(&self, row: &SessionTokenRow, sibling: Option<TokenHash>) {
        // A session without a user cannot be used.
        let Some(user) = self.live.user(row.user) else {
            return;
        };
        let SessionTokenRow { session, id, epoch, last_seen_at, used_issued_at, token, .. } = *row;
        self.live.add(token, sibling, || {
            LiveSession::new(session, id, user, epoch, last_seen_at, used_issued_at)
        });
    }

    /// The users who have a new session and had none before.
    fn users_added_by(&self, changes: &[Change]) -> BTreeSet<i64> {
        let users = changes.iter().filter_map(|change| match &change.what {
            Changed::Token(token, _) => Some(token.user),
            _ => None,
        });
        users.filter(|user| !self.live.users.contains_key(user)).collect()
    }

    async fn renew_users(
        &mut self,
        connection: &mut SqlConnection,
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
            if let Some((_, user)) = self.live.users.remove(&number) {
                user.end();
            }
        }
        for role in roles {
            for user in users_with_role(connection, &role).await? {
                if let Some(known) = self.live.user(user.number) {
                    known.renew(user.epoch, user.account);
                }
            }
        }
        Ok(())
    }

    fn keep_user(&self, user: User) {
        match self.live.user(user.number) {
            Some(known) => known.renew(user.epoch, user.account),
            None => {
                let live = LiveUser::new(user.number, user.epoch, user.account);
                self.live.users.insert(user.number, Arc::new(live));
            }
        }
    }

    /// Forgets users who have no session any more, when there may be many of them.
    async fn forget_users(&mut self, connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        let users = &self.live.users;
        if users.len() <= 2 * self.users_before + FEW_USERS {
            return Ok(());
        }
        if self.live.shared().is_some() {
            let numbers = query("SELECT DISTINCT user_number FROM sessions");
            let numbers: Vec<i64> = numbers.fetch_all(connection).await?;
            let with_sessions: HashSet<_> = numbers.into_iter().collect();
            users.retain(|number, _| with_sessions.contains(number));
        } else {
            users.retain(|_, user| Arc::strong_count(user) > 1);
        }
        self.users_before = users.len();
        Ok(())
    }

    fn have_seen(&mut self, last: Position) {
        self.live.set_last_change(last.change);
        self.seen = Some(last);
    }

    /// Called first: the other changes may take seconds to read.
    async fn end_all(&self, connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        let ended = query("SELECT ended_through FROM session_count");
        self.live.set_ended_through(ended.fetch_one(connection).await?);
        Ok(())
    }

    async fn count(&self, connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        let count = query("SELECT sessions FROM session_count").fetch_one(connection).await?;
        self.live.set_count(count);
        Ok(())
    }

    /// Looks at what has changed, all of one instant.
    async fn look(&mut self, connection: &mut SqlConnection) -> Result<(), FollowError> {
        self.end_all(connection).await?;
        if self.seen.is_none() {
            self.load(connection).await?;
        }
        if !is_continued(connection, &self.position()).await? {
            return Err(FollowError::Gap);
        }
        while let Some(Position { change, .. }) = self.seen {
            if self.follow(connection, change).await?.is_break() {
                break;
            }
        }
        // Also when nothing has changed: a session that ends without a token leaves no change.
        Ok(self.count(connection).await?)
    }
}

/// Whether the last known change is still there: else those after it may not be either.
async fn is_continued(
    connection: &mut SqlConnection,
    Position { change, tag }: &Position,
) -> Result<bool, sqlx::Error> {
    let known = query("SELECT EXISTS (SELECT 1 FROM changes WHERE seq = $1 AND tag = $2)");
    Ok(*change == 0 || known.bind(*change).bind(tag).fetch_one(connection).await?)
}

/// Begins a transaction that reads everything as of one instant. To compile a query takes longer
/// than to run it, when the server has no statistics and takes a few rows for many.
const BEGIN_READING: Dialects = Dialects {
    sqlite: "BEGIN",
    postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off",
};

impl Follow for Follower {
    async fn catch_up(&mut self, connection: &mut SqlConnection) -> Result<(), FollowError> {
        run_script(connection, BEGIN_READING).await?;
        let looked = self.look(connection).await;
        let end = if looked.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = run_script(connection, end).await;
        looked.and(ended.map_err(FollowError::from))
    }

    fn position(&self) -> Position {
        self.seen.clone().unwrap_or_default()
    }

    fn note_sessions(&self, count: i64) {
        self.live.set_count(count);
    }

    fn forget(&mut self) {
        self.live.clear();
        self.keys.replace(HashMap::new());
        self.seen = None;
    }
}
