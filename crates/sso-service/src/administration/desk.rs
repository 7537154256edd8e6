//! What all of administration works with.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;
use service_runtime::clock::Clock;

use super::actor::Actor;
use crate::{
    audit::{AuditHistory, AuditLog, Event, Kind},
    database::{Database, Unavailable},
    grants::GrantStore,
    keys::KeyStore,
    login_guard::LoginGuard,
    page::{Page, Part},
    sessions::SessionStore,
    users::{PasswordRules, UserStore},
};

/// Administration of everything there is.
#[derive(Debug)]
pub(crate) struct Administration {
    clock: Arc<dyn Clock>,
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
    /// When it cannot be told.
    pub(crate) async fn audit(&self, part: &Part<i64>) -> Result<Page<Value>, Unavailable> {
        self.history.page(part).await
    }

    /// To the millisecond, as everything is kept and shown.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    /// Writes down what was done, and to whom or what.
    pub(super) fn note(&self, actor: Actor<'_>, kind: Kind, what: &'static str, target: &str) {
        self.record(self.event(actor, kind, what, target));
    }

    pub(super) fn event(
        &self,
        actor: Actor<'_>,
        kind: Kind,
        what: &'static str,
        target: &str,
    ) -> Event {
        let event = actor.holder.event(kind, self.clock.now(), actor.source);
        event.because(what).on(target)
    }

    pub(super) fn record(&self, event: Event) {
        self.audit.record(event);
    }
}
