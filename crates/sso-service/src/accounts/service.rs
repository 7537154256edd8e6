//! What all use cases of accounts work with.

use std::sync::Arc;

use service_runtime::clock::Clock;

use crate::{
    audit::AuditLog,
    login_guard::LoginGuard,
    sessions::Principal,
    store::{Recorded, Store, Unavailable},
    users::{PasswordRules, Username},
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

/// Who may have an account, and how.
#[derive(Debug)]
pub(crate) struct AccountPolicy {
    pub(crate) registration: Registration,
    pub(crate) rules: PasswordRules,
    pub(crate) mail: MailPolicy,
    /// A name that nobody gets by registration: that of the first administrator.
    pub(crate) reserved: Option<Username>,
    /// The name of the provider that users log in by, if there is one.
    pub(crate) upstream: Option<String>,
}

/// The accounts, as their users see them.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Store,
    pub(super) guard: Arc<LoginGuard>,
    pub(super) policy: AccountPolicy,
    pub(super) rules: PasswordRules,
    pub(super) audit: AuditLog,
}

impl Accounts {
    /// The accounts in this store.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        store: Store,
        guard: Arc<LoginGuard>,
        policy: AccountPolicy,
        audit: AuditLog,
    ) -> Self {
        let rules = policy.rules;
        Self { clock, store, guard, policy, rules, audit }
    }

    /// The name of the provider that users log in by, if there is one.
    pub(crate) fn upstream(&self) -> Option<&str> {
        self.policy.upstream.as_deref()
    }

    /// Whether the user logs in by the provider, and so has no password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn logs_in_upstream(&self, user: &Principal) -> Result<bool, Unavailable> {
        self.store.logs_in_upstream(user.session.user.number).await
    }

    /// Whether mail is sent, and whether users need it.
    pub(crate) fn mail(&self) -> MailPolicy {
        self.policy.mail
    }

    /// Writes the lines of a change that was made, and gives its result.
    pub(super) fn recorded<T>(&self, recorded: Recorded<T>) -> T {
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        recorded.done
    }
}
