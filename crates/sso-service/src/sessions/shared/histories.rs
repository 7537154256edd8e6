//! Which records can be relied on.
//!
//! An instance knows the tokens that have ended since it loaded, and no others. A record that was
//! written before, by another instance, or restored in Redis, may be one of a token that ended
//! before. So a record names a *history*: a change of the database, known by its random tag, that
//! was in the snapshot from which the record was made. An instance relies on a record only if it
//! has followed that change itself: then every later end is known to it. A tag is in one database
//! alone, and in no other course of it: not in a restored backup that lacks the change, nor after a
//! fail-over that lost it.

use std::sync::{PoisonError, RwLock};

use uuid::Uuid;

/// How many are kept: an instance that starts begins one.
const MOST: usize = 64;

/// A part of the changes of a database: those from a certain one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct History(Uuid);

impl History {
    /// That of records which nobody relies on.
    pub(crate) const NONE: Self = Self(Uuid::nil());

    /// The one that begins with the change of this tag, or has it for another reason: 128 random
    /// bits in hexadecimal.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        tag.parse().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl From<Uuid> for History {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// The histories whose beginning was followed here, the newest last.
#[derive(Debug, Default)]
pub(super) struct Histories(RwLock<Vec<History>>);

impl Histories {
    /// Its beginning has just been followed.
    pub(super) fn add(&self, history: History) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() == MOST {
            known.remove(0);
        }
        known.push(history);
    }

    /// Whether every end since its beginning is known here.
    pub(super) fn has(&self, history: History) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().rev().any(|one| *one == history)
    }

    /// The newest one.
    pub(super) fn newest(&self) -> Option<History> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).last().copied()
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_many_histories_are_forgotten() {
        let (histories, first) = (Histories::default(), History(Uuid::from_u128(0)));
        for number in 0..=MOST as u128 {
            histories.add(History(Uuid::from_u128(number)));
            assert_eq!(histories.has(first), number < MOST as u128, "{number}");
        }
        assert_eq!(histories.newest(), Some(History(Uuid::from_u128(MOST as u128))));
        histories.clear();
        assert_eq!(histories.newest(), None);
    }
}
