//! The store and its parts.

use std::sync::Arc;

use service_runtime::metrics::Metrics;

use super::{
    database::{Database, OpenError, Sharing},
    sessions::{Follower, Journal, Refills, restore},
};
use crate::{
    keys::LiveKeys,
    sessions::{LiveSession, LiveSessions, SessionLimits, SharedTokens, TokenRecord},
    store::{
        location::Location,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

/// Everything that lasts. Each method is a look-up or a command that is on the disk, and in force
/// in memory, when it returns. Clones share the database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) database: Database,
    pub(super) live: Arc<LiveSessions>,
    pub(super) keys: Arc<LiveKeys>,
    pub(super) journal: Journal,
    pub(super) limits: SessionLimits,
    /// `None` where live tokens are in memory.
    refills: Option<Refills>,
}

impl Store {
    /// Opens the database of a service, or creates it. The live sessions and keys are in memory
    /// when this returns, and are kept up to date from then on.
    ///
    /// # Errors
    /// When the database cannot be created or opened, or is not one of this service.
    pub(crate) async fn open(
        location: &Location,
        limits: SessionLimits,
        sharing: Sharing,
        metrics: &Metrics,
    ) -> Result<Self, OpenError> {
        let live = Arc::new(match &sharing.redis {
            None => LiveSessions::new(metrics),
            Some(redis) => LiveSessions::in_redis(redis.clone(), metrics),
        });
        let keys = Arc::new(LiveKeys::default());
        let journal = Journal::open(location).map_err(OpenError::Journal)?;
        restore(&journal, &live, &keys);
        let follower = Follower::new(live.clone(), keys.clone());
        let database = Database::open(location, follower, sharing).await?;
        database.show(metrics);
        let refills = live.shared().map(|_| Refills::start(live.clone(), database.clone()));
        let store = Self { database, live, keys, journal, limits, refills };
        // Tried again by the upkeep.
        let _ = store.begin_history().await;
        Ok(store)
    }

    /// Opens an existing database for a command, which may run beside the service.
    ///
    /// # Errors
    /// When it does not exist, cannot be opened, is not one of this service, or the service uses
    /// the file by another path.
    pub(crate) async fn open_for_command(location: &Location) -> Result<Self, OpenError> {
        Ok(Self::of_command(Database::open_for_command(location).await?))
    }

    /// Opens a database for a command, and creates it if it does not exist.
    ///
    /// # Errors
    /// As [`Store::open_for_command`], or when it cannot be created.
    pub(crate) async fn create_for_command(location: &Location) -> Result<Self, OpenError> {
        Ok(Self::of_command(Database::create_for_command(location).await?))
    }

    /// A command validates no tokens: it keeps nothing in memory, and no limit holds for it.
    pub(super) fn of_command(database: Database) -> Self {
        Self {
            database,
            live: Arc::new(LiveSessions::new(&Metrics::default())),
            keys: Arc::default(),
            journal: Journal::default(),
            limits: SessionLimits { per_user: usize::MAX, total: usize::MAX },
            refills: None,
        }
    }

    /// Whether writes succeed, as far as is known: an idle database is probed every 5 seconds.
    pub(crate) fn is_healthy(&self) -> bool {
        self.database.is_healthy() && self.database.holds_lease()
    }

    /// Returns when the process must end, since the store cannot be relied on any more. One task
    /// may wait for it.
    pub(crate) async fn failed(&self) {
        self.database.failed().await;
    }

    /// Whether the database cannot be relied on any more, also while it was closed.
    pub(crate) fn has_failed(&self) -> bool {
        self.database.has_failed()
    }

    /// What memory knows. Before it says that it knows nothing, everything that was committed before
    /// the call, by any instance, is in memory.
    ///
    /// # Errors
    /// When memory is not up to date and cannot be made so in time.
    pub(crate) async fn known<T>(
        &self,
        find: impl Fn() -> Option<T>,
    ) -> Result<Option<T>, Unavailable> {
        self.database.known(find).await
    }

    /// The record of a token as the database has it. `None` if it has no such live token.
    ///
    /// # Errors
    /// When the database cannot be read in time.
    pub(crate) async fn find_token(
        &self,
        hash: TokenHash,
    ) -> Result<Option<TokenRecord>, Unavailable> {
        match &self.refills {
            Some(refills) => refills.refill(hash).await,
            None => Ok(None),
        }
    }

    /// Begins a history of changes, if live tokens are shared and none is followed here: records
    /// in Redis are relied on from then on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn begin_history(&self) -> Result<(), Unavailable> {
        if self.live.shared().is_none_or(|shared| shared.history().is_some()) {
            return Ok(());
        }
        let begin = async |connection: &mut SqlConnection| {
            query("INSERT INTO changes (kind) VALUES ('start')").execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write_addition(begin).await
    }

    /// Whether the end of a session may not be known to other instances.
    pub(crate) fn is_session_ending(&self, session: i64) -> bool {
        self.database.is_shared() && self.live.revoked.is_ending(session)
    }

    /// Whether live tokens can be read, as far as is known.
    pub(crate) fn reaches_live_tokens(&self) -> bool {
        self.live.shared().is_none_or(SharedTokens::is_reachable)
    }

    /// Whether a token stands for a session whose end is in force here and not written yet, while
    /// other instances may still accept it.
    pub(crate) fn is_ending(&self, hash: &TokenHash) -> bool {
        let pending = |session: Arc<LiveSession>| self.live.revoked.is_ending(session.number);
        self.database.is_shared() && self.live.session_of(hash).is_some_and(pending)
    }

    /// Returns when everything that this process has committed is in force on every instance. One
    /// that does not answer is waited out and has to begin anew.
    ///
    /// # Errors
    /// When it is not known.
    pub(crate) async fn confirm(&self) -> Result<(), Unavailable> {
        if !self.database.is_shared() {
            return Ok(());
        }
        self.database.write(async |_: &mut SqlConnection| Ok::<_, Unavailable>(())).await
    }

    /// The live sessions, in memory.
    pub(crate) fn live_sessions(&self) -> &Arc<LiveSessions> {
        &self.live
    }

    /// The keys, in memory.
    pub(crate) fn live_keys(&self) -> &Arc<LiveKeys> {
        &self.keys
    }

    /// Writes what waits and closes all connections.
    pub(crate) async fn close(&self) {
        self.database.close().await;
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time.
    pub(super) async fn reader(&self) -> Result<SqlConnection, Unavailable> {
        self.database.reader().await
    }
}
