//! What all use cases of accounts work with.

use std::sync::Arc;

use service_runtime::clock::Clock;

use crate::{
    audit::AuditLog,
    login_guard::LoginGuard,
    store::{Recorded, Store},
    users::PasswordRules,
};

/// Whether everybody may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    Open,
    Closed,
}

/// The accounts, as their users see them.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Store,
    pub(super) guard: Arc<LoginGuard>,
    pub(super) registration: Registration,
    pub(super) rules: PasswordRules,
    pub(super) audit: AuditLog,
}

impl Accounts {
    /// The accounts in this store.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        store: Store,
        guard: Arc<LoginGuard>,
        registration: Registration,
        rules: PasswordRules,
        audit: AuditLog,
    ) -> Self {
        Self { clock, store, guard, registration, rules, audit }
    }

    /// Writes the lines of a change that was made, and gives its result.
    pub(super) fn recorded<T>(&self, recorded: Recorded<T>) -> T {
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        recorded.done
    }
}
