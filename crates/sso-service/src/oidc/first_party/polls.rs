//! How often devices ask (RFC 8628, section 3.5). Kept in memory: each instance counts for itself.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::tokens::TokenHash;

/// How long a device waits between two requests, at first. Each request that comes too early adds
/// as much.
pub(crate) const POLL_INTERVAL: TimeDelta = TimeDelta::seconds(5);
/// A request may arrive this much earlier: the way to the service takes longer at times.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);
/// A device that has not asked for this long is forgotten.
const REMEMBERED: TimeDelta = TimeDelta::minutes(10);
/// How many devices are remembered. The database holds no more that wait.
const MOST: usize = 20_000;

/// When devices have asked, by the hashes of their codes. Only codes that were issued are added.
#[derive(Debug, Default)]
pub(crate) struct DevicePolls(Mutex<HashMap<TokenHash, Poll>>);

#[derive(Debug)]
struct Poll {
    last: DateTime<Utc>,
    interval: TimeDelta,
}

impl DevicePolls {
    /// Notes that a device that waits has asked now, and tells whether it has come too early.
    pub(crate) fn is_too_early(&self, device: TokenHash, now: DateTime<Utc>) -> bool {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= MOST {
            polls.retain(|_, poll| now - poll.last < REMEMBERED);
        }
        let has_room = polls.len() < MOST;
        match polls.get_mut(&device) {
            Some(poll) => {
                let is_early = now - poll.last < poll.interval - TOLERANCE;
                poll.last = now;
                if is_early {
                    poll.interval += POLL_INTERVAL;
                }
                is_early
            }
            None if has_room => {
                polls.insert(device, Poll { last: now, interval: POLL_INTERVAL });
                false
            }
            None => false,
        }
    }

    /// Forgets a device whose request is over.
    pub(crate) fn forget(&self, device: &TokenHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[test]
    fn request_that_comes_too_early_lengthens_the_interval() {
        let polls = DevicePolls::default();
        let device = TokenHash::of("device");
        let mut now = noon();
        // Each row: seconds since the last request, and whether that is too early.
        for (seconds, expected) in
            [(0, false), (5, false), (4, false), (3, true), (5, true), (10, true), (19, false)]
        {
            now += TimeDelta::seconds(seconds);
            assert_eq!(polls.is_too_early(device, now), expected, "{seconds}");
        }
        assert!(!polls.is_too_early(TokenHash::of("another"), now));
        polls.forget(&device);
        assert!(!polls.is_too_early(device, now));
    }

    #[test]
    fn devices_that_do_not_ask_any_more_are_forgotten() {
        let polls = DevicePolls::default();
        for number in 0..2 * MOST {
            polls.is_too_early(TokenHash::of(&number.to_string()), noon());
        }
        assert_eq!(polls.0.lock().unwrap().len(), MOST);
        polls.is_too_early(TokenHash::of("later"), noon() + REMEMBERED);
        assert_eq!(polls.0.lock().unwrap().len(), 1);
    }
}
