//! The events of sessions that come to their end.

use chrono::{DateTime, Utc};

use crate::{
    audit::{Event, Kind},
    sessions::ExpiredSession,
};

/// How many sessions that are removed at once have an event each: a million that end within a
/// minute leave some thousand lines.
const MOST_NAMED: usize = 50;

/// The events of sessions that were removed at once. If there are many it is one event with their
/// number.
pub(super) fn events(expired: &[ExpiredSession], now: DateTime<Utc>) -> Vec<Event> {
    let event = Event::new(Kind::SessionExpired, now);
    let owners = expired.iter().filter_map(|session| session.owner.as_ref());
    let events: Vec<_> = owners
        .map(|owner| event.clone().in_session(owner.session_id).of(owner.user_id, &owner.username))
        .collect();
    if events.len() > MOST_NAMED {
        return vec![event.times(events.len() as u64)];
    }
    events
}
