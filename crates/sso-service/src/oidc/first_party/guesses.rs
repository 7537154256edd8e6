//! Limits how many codes of devices a user can try (RFC 8628, section 5.1).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How many wrong codes a user may type within the window.
const MOST_WRONG: u32 = 10;
/// From the first wrong code on.
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// How many users are counted. Beyond it no code is accepted until the first ones are forgotten.
const MOST_USERS: usize = 100_000;

/// The codes that users have typed, by the ids of the users. Kept in memory: each instance counts
/// for itself.
#[derive(Debug, Default)]
pub(crate) struct CodeGuesses(Mutex<HashMap<Uuid, Guessing>>);

#[derive(Debug)]
struct Guessing {
    since: DateTime<Utc>,
    wrong: u32,
}

impl CodeGuesses {
    /// Counts a code before it is compared, so that many at once count as well. Tells whether it may
    /// be compared.
    pub(crate) fn begin(&self, user: Uuid, now: DateTime<Utc>) -> bool {
        let mut guessing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if guessing.len() >= MOST_USERS {
            guessing.retain(|_, guessing| now - guessing.since < WINDOW);
        }
        if guessing.len() >= MOST_USERS && !guessing.contains_key(&user) {
            return false;
        }
        let own = guessing.entry(user).or_insert(Guessing { since: now, wrong: 0 });
        if now - own.since >= WINDOW {
            *own = Guessing { since: now, wrong: 0 };
        }
        own.wrong = own.wrong.saturating_add(1);
        own.wrong <= MOST_WRONG
    }

    /// The code that was counted last was right.
    pub(crate) fn was_right(&self, user: Uuid) {
        let mut guessing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = guessing.get_mut(&user) {
            own.wrong = own.wrong.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[test]
    fn ten_wrong_codes_within_ten_minutes_are_compared() {
        let guesses = CodeGuesses::default();
        let [alice, bob] = [1, 2].map(Uuid::from_u128);
        for _ in 0..50 {
            assert!(guesses.begin(alice, noon()));
            guesses.was_right(alice);
        }
        for _ in 0..10 {
            assert!(guesses.begin(alice, noon()));
        }
        let end = noon() + WINDOW;
        assert!(!guesses.begin(alice, end - TimeDelta::milliseconds(1)));
        assert!(guesses.begin(bob, noon()));
        assert!(guesses.begin(alice, end));
    }
}
