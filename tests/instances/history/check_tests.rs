//! The check finds what it must find, in histories that are written down here.

use std::time::{Duration, Instant};

use super::{
    check::{Fault, faults},
    record::{Change, ChangeRecord, Token, Told, Validation},
};

/// The cases, by their names.
pub(crate) const CASES: &[(&str, fn())] = &[
    ("a_yes_after_an_answered_end_is_stale", a_yes_after_an_answered_end_is_stale),
    ("a_no_after_an_answered_beginning_is_a_loss", a_no_after_an_answered_beginning_is_a_loss),
    ("either_is_allowed_until_a_change_is_answered", either_is_allowed_until_a_change_is_answered),
    ("a_change_without_an_answer_may_be_made_late", a_change_without_an_answer_may_be_made_late),
    ("the_end_of_all_sessions_spares_later_ones", the_end_of_all_sessions_spares_later_ones),
    ("the_end_of_another_token_explains_nothing", the_end_of_another_token_explains_nothing),
    ("a_permission_is_the_last_that_was_answered", a_permission_is_the_last_that_was_answered),
];

const TOKEN: Token = Token { number: 1, user: 1 };
const YES: Told = Told::Yes { permitted: false };
const PERMITTED: Told = Told::Yes { permitted: true };

/// A history, in seconds after its beginning.
struct Written {
    start: Instant,
    changes: Vec<ChangeRecord>,
}

/// The token begins within the second 0.
fn begin() -> Written {
    Written { start: Instant::now(), changes: Vec::new() }.then(Change::Begin(TOKEN), 0, Some(1))
}

impl Written {
    fn at(&self, second: u64) -> Instant {
        self.start + Duration::from_secs(second)
    }

    fn then(mut self, change: Change, began: u64, answered: Option<u64>) -> Self {
        let answered = answered.map(|second| self.at(second));
        self.changes.push(ChangeRecord { change, began: self.at(began), answered });
        self
    }

    fn fault(&self, told: Told, began: u64, ended: u64) -> Option<Fault> {
        let (began, ended) = (self.at(began), self.at(ended));
        let validation = Validation { token: TOKEN, instance: 0, began, ended, told };
        faults(&self.changes, &[validation]).first().map(|misfit| misfit.fault)
    }
}

fn a_yes_after_an_answered_end_is_stale() {
    for end in [Change::End(TOKEN), Change::EndAllOf(TOKEN.user), Change::EndAll] {
        let history = begin().then(end, 2, Some(4));
        assert_eq!(history.fault(YES, 5, 6), Some(Fault::Stale), "{end:?}");
        assert_eq!(history.fault(Told::No, 5, 6), None, "{end:?}");
        assert_eq!(history.fault(Told::Unknown, 5, 6), None, "{end:?}");
    }
}

fn a_no_after_an_answered_beginning_is_a_loss() {
    let history = begin();
    assert_eq!(history.fault(Told::No, 2, 3), Some(Fault::Lost));
    assert_eq!(history.fault(YES, 2, 3), None);
    assert_eq!(history.fault(Told::Unknown, 2, 3), None);
    // The end is asked for after the answer.
    let history = begin().then(Change::End(TOKEN), 4, Some(5));
    assert_eq!(history.fault(Told::No, 2, 3), Some(Fault::Lost));
}

fn either_is_allowed_until_a_change_is_answered() {
    let history = begin().then(Change::End(TOKEN), 4, Some(8));
    for (began, ended) in [(3, 5), (5, 6), (7, 9)] {
        assert_eq!(history.fault(YES, began, ended), None);
        assert_eq!(history.fault(Told::No, began, ended), None);
    }
    assert_eq!(history.fault(Told::No, 0, 9), None);
}

fn a_change_without_an_answer_may_be_made_late() {
    let history = begin().then(Change::End(TOKEN), 2, None);
    assert_eq!(history.fault(YES, 100, 101), None);
    assert_eq!(history.fault(Told::No, 100, 101), None);
    let history = history.then(Change::End(TOKEN), 102, Some(103));
    assert_eq!(history.fault(YES, 104, 105), Some(Fault::Stale));
}

fn the_end_of_all_sessions_spares_later_ones() {
    let end = Change::EndAllOf(TOKEN.user);
    let start = Written { start: Instant::now(), changes: Vec::new() };
    let history = start.then(end, 0, Some(1)).then(Change::Begin(TOKEN), 2, Some(3));
    assert_eq!(history.fault(YES, 4, 5), None);
    assert_eq!(history.fault(Told::No, 4, 5), Some(Fault::Lost));
    let start = Written { start: Instant::now(), changes: Vec::new() };
    let at_once = start.then(end, 0, Some(3)).then(Change::Begin(TOKEN), 2, Some(4));
    assert_eq!(at_once.fault(YES, 5, 6), None);
    assert_eq!(at_once.fault(Told::No, 5, 6), None);
}

fn the_end_of_another_token_explains_nothing() {
    let other = Token { number: 2, user: 2 };
    for end in [Change::End(other), Change::EndAllOf(other.user)] {
        let history = begin().then(end, 2, Some(3));
        assert_eq!(history.fault(YES, 4, 5), None);
        assert_eq!(history.fault(Told::No, 4, 5), Some(Fault::Lost));
    }
}

fn a_permission_is_the_last_that_was_answered() {
    let history = begin().then(Change::Give(TOKEN.user), 2, Some(4));
    assert_eq!(history.fault(PERMITTED, 1, 1), Some(Fault::WrongPermission));
    assert_eq!(history.fault(PERMITTED, 3, 3), None);
    assert_eq!(history.fault(YES, 5, 6), Some(Fault::WrongPermission));
    let history = history.then(Change::Take(TOKEN.user), 7, Some(8));
    assert_eq!(history.fault(PERMITTED, 9, 10), Some(Fault::WrongPermission));
    let history = history.then(Change::Give(TOKEN.user), 11, None);
    assert_eq!(history.fault(PERMITTED, 99, 100), None);
    assert_eq!(history.fault(YES, 99, 100), None);
}
