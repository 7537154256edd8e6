//! What all use cases of the authority work with.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::{clock::Clock, metrics::Metrics};

use super::{counters::OutcomeCounters, holder::Holder};
use crate::{
    audit::{AuditLog, Event, Kind, Source},
    keys::LiveKeys,
    login_guard::LoginGuard,
    sessions::LiveSessions,
    store::Store,
};

/// How long tokens and sessions are valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Of a session token, from its issue.
    pub(crate) token: Duration,
    /// Of a refresh token, from its issue.
    pub(crate) refresh: Duration,
    /// Of the session, from log-in. Nothing outlives it.
    pub(crate) session: Duration,
}

/// The session authority: issues, validates, renews and ends sessions.
#[derive(Debug)]
pub(crate) struct SessionAuthority {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) lifetimes: Lifetimes,
    /// Whether users who registered have to verify their address before they log in.
    pub(super) must_verify: bool,
    pub(super) store: Store,
    pub(super) guard: Arc<LoginGuard>,
    pub(super) live: Arc<LiveSessions>,
    pub(super) keys: Arc<LiveKeys>,
    pub(super) audit: AuditLog,
    pub(super) outcomes: OutcomeCounters,
}

impl SessionAuthority {
    /// The authority over the users, sessions and keys of this store.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        lifetimes: Lifetimes,
        must_verify: bool,
        store: Store,
        guard: Arc<LoginGuard>,
        audit: AuditLog,
        metrics: &Metrics,
    ) -> Self {
        let (live, keys) = (store.live_sessions().clone(), store.live_keys().clone());
        let outcomes = OutcomeCounters::new(metrics);
        Self { clock, lifetimes, must_verify, store, guard, live, keys, audit, outcomes }
    }

    /// The event that the holder of a token did this now.
    pub(super) fn event(&self, kind: Kind, holder: &Holder, from: Source<'_>) -> Event {
        holder.event(kind, self.clock.now(), from)
    }

    /// To the millisecond: that is what answers show, and nothing is decided by more.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }
}
