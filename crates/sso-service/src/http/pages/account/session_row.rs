//! A session as a row of the page.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use super::device::device;
use crate::sessions::SessionDetails;

/// A session as a row of the page.
pub(in crate::http::pages) struct SessionRow {
    pub(super) id: Uuid,
    pub(in crate::http::pages) device: String,
    /// The address from which it was begun.
    pub(in crate::http::pages) address: String,
    pub(in crate::http::pages) begun: Moment,
    pub(in crate::http::pages) last_seen: Moment,
    /// Whether the page was asked for in this session.
    pub(super) is_current: bool,
}

/// An instant, for people and for programs.
pub(in crate::http::pages) struct Moment {
    /// How long ago it was.
    pub(in crate::http::pages) ago: String,
    /// In UTC, to the second.
    pub(in crate::http::pages) time: String,
}

impl SessionRow {
    /// A session among those of another user.
    pub(in crate::http::pages) fn of_user(session: &SessionDetails, now: DateTime<Utc>) -> Self {
        Self::new(session, Uuid::nil(), now)
    }

    pub(super) fn new(session: &SessionDetails, current: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            id: session.id,
            device: match session.ip {
                Some(_) => device(session.user_agent.as_deref()),
                None => "Made by an administrator".to_owned(),
            },
            address: session.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
            begun: Moment::before(session.created_at, now),
            last_seen: Moment::before(session.last_seen_at, now),
            is_current: session.id == current,
        }
    }
}

impl Moment {
    fn before(instant: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { ago: ago(now - instant), time: instant.to_rfc3339_opts(SecondsFormat::Secs, true) }
    }
}

fn ago(elapsed: TimeDelta) -> String {
    match elapsed.num_seconds() {
        ..60 => "just now".to_owned(),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_since_then_is_told_in_the_largest_unit() {
        for (seconds, expected) in [
            (-5, "just now"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (172_799, "47 h ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(ago(TimeDelta::seconds(seconds)), expected, "{seconds}");
        }
    }
}
