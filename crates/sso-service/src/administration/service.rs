//! What all of administration works with.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;
use service_runtime::clock::Clock;

use super::{actor::Actor, error::AdministrationError};
use crate::{
    audit::{AuditLog, Event, EventFilter, Kind},
    login_guard::LoginGuard,
    page::{Page, Part},
    store::{Attribution, Recorded, Store, Unavailable},
    users::{Password, PasswordHash, PasswordRules},
};

/// Administration of everything in the store, for HTTP and for the shell.
#[derive(Debug)]
pub(crate) struct Administration {
    clock: Arc<dyn Clock>,
    pub(super) store: Store,
    guard: Arc<LoginGuard>,
    pub(super) rules: PasswordRules,
    audit: AuditLog,
}

impl Administration {
    /// Administration of this store.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        store: Store,
        guard: Arc<LoginGuard>,
        rules: PasswordRules,
        audit: AuditLog,
    ) -> Self {
        Self { clock, store, guard, rules, audit }
    }

    /// A page of security events, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn audit(
        &self,
        part: &Part<i64>,
        filter: EventFilter,
    ) -> Result<Page<Value>, Unavailable> {
        self.store.events(part, filter).await
    }

    /// The rules that a new password must obey.
    pub(crate) fn password_rules(&self) -> PasswordRules {
        self.rules
    }

    /// To the millisecond, as everything is kept and shown.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    /// Hashes the password of a user that the actor creates or changes.
    pub(super) async fn hash(
        &self,
        actor: Actor<'_>,
        password: Password,
    ) -> Result<PasswordHash, AdministrationError> {
        let hash = match actor {
            Actor::Caller { source, .. } => self.guard.hash(password, source).await,
            Actor::Shell => self.guard.hash_for_command(password).await,
        };
        Ok(hash?)
    }

    /// The event of a change, without its target.
    pub(super) fn event(&self, actor: Actor<'_>, kind: Kind, what: &'static str) -> Event {
        actor.event(kind, self.clock.now(), what)
    }

    /// The actor as the author of a change with these events.
    pub(super) fn by(&self, actor: Actor<'_>, events: Vec<Event>) -> Attribution {
        Attribution { authorization: actor.authorization(self.now()), events }
    }

    /// Writes the lines of a change that was made, and gives its result.
    pub(super) fn recorded<T>(&self, recorded: Recorded<T>) -> T {
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        recorded.done
    }

    /// Writes the line of an event whose row is written.
    pub(super) fn record_line(&self, event: Event) {
        self.audit.record_line(event);
    }

    /// Records a revocation that is in force and could not be written. That is so in a running
    /// service only: a command keeps nothing in memory.
    pub(super) fn record_unwritten(&self, actor: Actor<'_>, kind: Kind, target: &str) {
        if let Actor::Caller { .. } = actor {
            self.audit.record(self.event(actor, kind, "unwritten").on(target));
        }
    }
}
