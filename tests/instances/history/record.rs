//! The record of a history.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// A session token or an API key, and its user. A key is its own user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Token {
    pub(crate) number: usize,
    pub(crate) user: usize,
}

/// A change that a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A log-in, a refresh, a new key.
    Begin(Token),
    /// A log-out, a revocation, the deletion of a key.
    End(Token),
    /// The end of all sessions of a user.
    EndAllOf(usize),
    /// The end of all sessions.
    EndAll,
    /// The permission that validations report.
    Give(usize),
    Take(usize),
}

/// A change, and when it was asked for and answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeRecord {
    pub(crate) change: Change,
    pub(crate) began: Instant,
    /// `None`: there was no answer, or 503. It may be made at any time from then on.
    pub(crate) answered: Option<Instant>,
}

/// The answer to a validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// 200, and whether the user has the permission.
    Yes { permitted: bool },
    /// 401.
    No,
    /// 503.
    Unknown,
}

/// A validation that was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validation {
    pub(crate) token: Token,
    pub(crate) instance: usize,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) told: Told,
}

/// What all clients of a test asked for and were told.
#[derive(Debug, Default)]
pub(crate) struct History {
    numbers: AtomicUsize,
    pub(super) changes: Mutex<Vec<ChangeRecord>>,
    pub(super) validations: Mutex<Vec<Validation>>,
}

impl History {
    /// The number of a new token or user.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks for a change. Ask for `None` where there was no answer.
    pub(crate) async fn change<T>(
        &self,
        change: Change,
        ask: impl Future<Output = Option<T>>,
    ) -> Option<T> {
        let began = Instant::now();
        let answer = ask.await;
        let answered = answer.is_some().then(Instant::now);
        self.note(ChangeRecord { change, began, answered });
        answer
    }

    pub(crate) fn note(&self, change: ChangeRecord) {
        self.changes.lock().unwrap().push(change);
    }

    /// Notes that something which no client asked for may happen from now on.
    pub(crate) fn may_happen(&self, change: Change) {
        self.note(ChangeRecord { change, began: Instant::now(), answered: None });
    }

    /// How many validations were answered so far.
    pub(crate) fn validations(&self) -> usize {
        self.validations.lock().unwrap().len()
    }

    pub(crate) fn note_validation(&self, validation: Validation) {
        self.validations.lock().unwrap().push(validation);
    }
}
