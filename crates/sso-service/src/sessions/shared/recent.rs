//! Sessions that were used here a short time ago.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use dashmap::{DashMap, Entry};

use super::record::TokenRecord;
use crate::sessions::{LiveSession, LiveUser};

/// How long a session is kept after its last use here: longer than it takes to write the use.
const KEPT: TimeDelta = TimeDelta::minutes(2);

/// Sessions by number. They carry what is still to be written about their use.
#[derive(Debug, Default)]
pub(super) struct RecentSessions(DashMap<i64, Arc<LiveSession>>);

impl RecentSessions {
    /// The session of a record, also if it has ended. `None` if its user is not known, or the
    /// record is older than what is known here.
    pub(super) fn session(
        &self,
        record: &TokenRecord,
        user: impl FnOnce() -> Option<Arc<LiveUser>>,
    ) -> Option<Arc<LiveSession>> {
        if let Some(known) = self.get(record.session).filter(|known| known.epoch == record.epoch) {
            return Some(known);
        }
        // The entry is locked while the user is looked for: whatever is forgotten, users go first.
        match self.0.entry(record.session) {
            Entry::Occupied(known) if known.get().epoch > record.epoch => None,
            Entry::Occupied(known) if known.get().epoch == record.epoch => {
                Some(known.get().clone())
            }
            Entry::Occupied(mut known) => {
                let session = new_session(record, user()?, Some(known.get()));
                known.insert(session.clone());
                Some(session)
            }
            Entry::Vacant(place) => {
                let session = new_session(record, user()?, None);
                Some(place.insert(session).clone())
            }
        }
    }

    /// The session of this number, if it was used a short time ago.
    pub(super) fn get(&self, number: i64) -> Option<Arc<LiveSession>> {
        self.0.get(&number).map(|session| session.clone())
    }

    /// Forgets sessions that were not used for a while.
    pub(super) fn forget_unused(&self, now: DateTime<Utc>) {
        let since = (now - KEPT).timestamp_millis();
        let waits = |session: &LiveSession| {
            session.used.load(Ordering::SeqCst) || session.first_used.load(Ordering::SeqCst)
        };
        self.0.retain(|_, session| session.last_seen_millis() > since || waits(session));
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

fn new_session(
    record: &TokenRecord,
    user: Arc<LiveUser>,
    before: Option<&Arc<LiveSession>>,
) -> Arc<LiveSession> {
    let last = |of: fn(&LiveSession) -> &AtomicI64, written: i64| {
        before.map_or(written, |before| of(before).load(Ordering::SeqCst).max(written))
    };
    let last_seen = last(|session| &session.last_seen, record.last_seen_at);
    let used_issued_at = last(|session| &session.used_issued_at, record.used_issued_at);
    let TokenRecord { session, id, epoch, .. } = *record;
    Arc::new(LiveSession::new(session, id, user, epoch, last_seen, used_issued_at))
}
