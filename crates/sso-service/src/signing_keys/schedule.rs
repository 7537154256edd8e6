//! When which key signs, is published, and is followed by the next one.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a key signs.
const SIGNS_FOR: TimeDelta = TimeDelta::days(30);
/// How long a key is published before it signs: much longer than services may cache the keys.
pub(crate) const PUBLISHED_AHEAD: TimeDelta = TimeDelta::hours(24);
/// How long a key is published after it signed last: its tokens live 5 minutes at most, and the rest
/// is for clocks that are behind.
const PUBLISHED_AFTER: TimeDelta = TimeDelta::minutes(65);

/// The instants from which keys sign, in order.
#[derive(Debug)]
pub(crate) struct KeySchedule(Vec<DateTime<Utc>>);

impl KeySchedule {
    /// The schedule of keys in order.
    pub(crate) fn new(starts: impl IntoIterator<Item = DateTime<Utc>>) -> Self {
        Self(starts.into_iter().collect())
    }

    /// The place of the key that signs. It is the first one if the time of none has come: a clock
    /// that lost some seconds in a crash does not end the signing.
    pub(crate) fn signing(&self, now: DateTime<Utc>) -> usize {
        self.0.partition_point(|start| *start <= now).saturating_sub(1)
    }

    /// Whether the key at this place is published.
    pub(crate) fn is_published(&self, place: usize, now: DateTime<Utc>) -> bool {
        self.0.get(place + 1).is_none_or(|next| now < *next + PUBLISHED_AFTER)
    }

    /// The instant from which a key signs that is to be created now; `None` if none is due. The very
    /// first one signs at once: no service has cached other keys.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Some(newest) = self.0.last() else {
            return Some(now);
        };
        let next = *newest + SIGNS_FOR;
        (next - PUBLISHED_AHEAD <= now).then(|| next.max(now + PUBLISHED_AHEAD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    fn at(hours: i64) -> DateTime<Utc> {
        noon() + TimeDelta::hours(hours)
    }

    fn schedule(hours: &[i64]) -> KeySchedule {
        KeySchedule::new(hours.iter().copied().map(at))
    }

    #[test]
    fn newest_key_whose_time_has_come_signs() {
        for (starts, now, expected) in [
            (&[0][..], 0, 0),
            (&[0], 1_000_000, 0),
            (&[0, 720], 719, 0),
            (&[0, 720], 720, 1),
            (&[0, 720, 1440], 1439, 1),
            (&[5, 720], 4, 0),
            (&[0, 0], 0, 1),
        ] {
            assert_eq!(schedule(starts).signing(at(now)), expected, "{starts:?} {now}");
        }
    }

    #[test]
    fn key_is_published_until_its_last_token_is_over() {
        let schedule = schedule(&[0, 720]);
        let last = at(720) + PUBLISHED_AFTER;
        assert!(schedule.is_published(0, last - TimeDelta::milliseconds(1)));
        assert!(!schedule.is_published(0, last));
        assert!(schedule.is_published(1, at(0)) && schedule.is_published(1, at(1_000_000)));
    }

    #[test]
    fn next_key_is_created_a_day_before_it_signs() {
        for (starts, now, expected) in [
            (&[][..], 7, Some(7)),
            (&[0], 695, None),
            (&[0], 696, Some(720)),
            (&[0, 720], 696, None),
            // The service did not run in time.
            (&[0], 5000, Some(5024)),
            (&[0, 720], 0, None),
        ] {
            assert_eq!(schedule(starts).due(at(now)), expected.map(at), "{starts:?} {now}");
        }
    }
}
