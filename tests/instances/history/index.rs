//! The changes of a history, by what they concern.

use std::{collections::HashMap, time::Instant};

use super::record::{Change, ChangeRecord, Token};

/// The changes that concern a token.
#[derive(Debug, Default)]
pub(super) struct Changes {
    begins: HashMap<Token, ChangeRecord>,
    ends: HashMap<Token, Vec<ChangeRecord>>,
    of_users: HashMap<usize, Vec<ChangeRecord>>,
    of_all: Vec<ChangeRecord>,
    permissions: HashMap<usize, Vec<ChangeRecord>>,
}

impl Changes {
    pub(super) fn new(changes: &[ChangeRecord]) -> Self {
        let mut index = Self::default();
        for change in changes {
            index.add(*change);
        }
        index
    }

    fn add(&mut self, record: ChangeRecord) {
        match record.change {
            Change::Begin(token) => drop(self.begins.insert(token, record)),
            Change::End(token) => self.ends.entry(token).or_default().push(record),
            Change::EndAllOf(user) => self.of_users.entry(user).or_default().push(record),
            Change::EndAll => self.of_all.push(record),
            Change::Give(user) | Change::Take(user) => {
                self.permissions.entry(user).or_default().push(record);
            }
        }
    }

    /// When the client was told of the token.
    pub(super) fn begun(&self, token: Token) -> Option<Instant> {
        self.begins.get(&token).and_then(|begin| begin.answered)
    }

    /// Everything that ends the token for certain: it began before.
    pub(super) fn ends(&self, token: Token) -> impl Iterator<Item = &ChangeRecord> {
        let begun = self.begun(token);
        let certain = move |end: &&ChangeRecord| begun.is_some_and(|begun| begun <= end.began);
        self.own(token).chain(self.common(token).filter(certain))
    }

    /// Everything that may have ended the token: it was not over before the token began.
    pub(super) fn possible_ends(&self, token: Token) -> impl Iterator<Item = &ChangeRecord> {
        let asked = self.begins.get(&token).map(|begin| begin.began);
        let possible = move |end: &&ChangeRecord| match (asked, end.answered) {
            (Some(asked), Some(answered)) => asked <= answered,
            _ => true,
        };
        self.own(token).chain(self.common(token).filter(possible))
    }

    /// The changes of the permission of a user.
    pub(super) fn of_permission(&self, user: usize) -> &[ChangeRecord] {
        self.permissions.get(&user).map_or(&[], Vec::as_slice)
    }

    fn own(&self, token: Token) -> impl Iterator<Item = &ChangeRecord> {
        self.ends.get(&token).into_iter().flatten()
    }

    fn common(&self, token: Token) -> impl Iterator<Item = &ChangeRecord> {
        self.of_users.get(&token.user).into_iter().flatten().chain(&self.of_all)
    }
}
