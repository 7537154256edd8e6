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

/// Whether mail is sent, and whether users need it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MailPolicy {
    /// Whether there is a server that takes mail.
    pub(crate) is_sent: bool,
    /// Whether users who registered have to verify their address before they log in.
    pub(crate) must_verify: bool,
}

/// The accounts, as their users see them.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Store,
    pub(super) guard: Arc<LoginGuard>,
    pub(super) registration: Registration,
    pub(super) rules: PasswordRules,
    pub(super) mail: MailPolicy,
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
        mail: MailPolicy,
        audit: AuditLog,
    ) -> Self {
        Self { clock, store, guard, registration, rules, mail, audit }
    }

    /// Whether mail is sent, and whether users need it.
    pub(crate) fn mail(&self) -> MailPolicy {
        self.mail
    }

    /// Writes the lines of a change that was made, and gives its result.
    pub(super) fn recorded<T>(&self, recorded: Recorded<T>) -> T {
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        recorded.done
    }
}
