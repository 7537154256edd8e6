//! What all of administration works with.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;
use service_runtime::clock::Clock;
use sqlx::SqliteConnection;

use super::{actor::Actor, error::AdministrationError};
use crate::{
    audit::{AuditHistory, AuditLog, Event, Kind, write_recorded},
    grants::GrantStore,
    keys::KeyStore,
    login_guard::LoginGuard,
    page::{Page, Part},
    sessions::SessionStore,
    store::{Database, Unavailable},
    users::{PasswordRules, UserStore},
};

/// Administration of everything there is.
#[derive(Debug)]
pub(crate) struct Administration {
    clock: Arc<dyn Clock>,
    database: Database,
    pub(super) users: UserStore,
    pub(super) grants: GrantStore,
    pub(super) keys: KeyStore,
    pub(super) sessions: Arc<SessionStore>,
    pub(super) guard: Arc<LoginGuard>,
    pub(super) rules: PasswordRules,
    history: AuditHistory,
    audit: AuditLog,
}

impl Administration {
    /// Administration of what is in this database.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        database: &Database,
        sessions: Arc<SessionStore>,
        guard: Arc<LoginGuard>,
        rules: PasswordRules,
        audit: AuditLog,
    ) -> Self {
        Self {
            clock,
            database: database.clone(),
            users: UserStore::new(database.clone()),
            grants: GrantStore::new(database.clone()),
            keys: KeyStore::new(database.clone()),
            sessions,
            guard,
            rules,
            history: AuditHistory::new(database.clone()),
            audit,
        }
    }

    /// Security events, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn audit(&self, part: &Part<i64>) -> Result<Page<Value>, Unavailable> {
        self.history.page(part).await
    }

    /// To the millisecond, as everything is kept and shown.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    /// Makes a change, with its events. The actor must still be an administrator when it is
    /// written.
    ///
    /// # Errors
    /// When the actor is none any more, the change is refused, or it cannot be written. Nothing is
    /// then.
    pub(super) async fn change<T, F>(
        &self,
        actor: Actor<'_>,
        work: F,
    ) -> Result<T, AdministrationError>
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<(T, Vec<Event>), AdministrationError>
            + Send
            + 'static,
        T: Send + 'static,
    {
        let authorization = actor.authorization(self.now());
        let authorized = async move |connection: &mut SqliteConnection| {
            authorization.check(connection).await?;
            work(connection).await
        };
        let (done, events) = write_recorded(&self.database, authorized).await?;
        events.into_iter().for_each(|event| self.audit.record_line(event));
        Ok(done)
    }

    /// Records what is in force and could not be written.
    pub(super) fn record(&self, event: Event) {
        self.audit.record(event);
    }

    /// The event of a change, without what was changed.
    pub(super) fn event(&self, actor: Actor<'_>, kind: Kind, what: &'static str) -> Event {
        actor.event(kind, self.clock.now(), what)
    }
}
