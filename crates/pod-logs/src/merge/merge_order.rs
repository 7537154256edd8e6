//! Which of several logs has the next line.
//!
//! A log either has a head, its next line, or reads on, or was at its end when the round began. A
//! head is given when no silent log can still write an earlier line: lines are in their files
//! within [`WRITTEN_WITHIN`] of their times. A head that has waited for [`MAX_HELD`] is given in any
//! case, since its time may lie in the future.

use std::{cmp::Reverse, collections::BinaryHeap, mem};

use chrono::{DateTime, TimeDelta, Utc};

use crate::merge_clock::MergeClock;

/// How long after its time a line may appear in its file.
const WRITTEN_WITHIN: TimeDelta = TimeDelta::milliseconds(200);
/// How long a line waits for lines of other logs.
const MAX_HELD: TimeDelta = TimeDelta::seconds(1);

/// Puts the next lines of logs in order. Logs are numbers here.
#[derive(Debug)]
pub(super) struct MergeOrder {
    clock: MergeClock,
    heads: BinaryHeap<Reverse<LogHead>>,
    /// Logs that had nothing more to read when the round began.
    ends: Vec<usize>,
    /// Logs of which the next line is to be looked for.
    unread: Vec<usize>,
    /// Logs whose next lines are on their way. They are waited for.
    awaited: Vec<usize>,
    /// When the round began. Logs at their ends are looked at once a round.
    round: DateTime<Utc>,
    is_round_over: bool,
    /// Nothing more is written that would be waited for.
    gives_all: bool,
}

/// The next line of a log: the earliest is the least, and of two of one time that of the log that
/// was named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LogHead {
    time: DateTime<Utc>,
    log: usize,
    /// In which round it was found.
    since: DateTime<Utc>,
}

impl MergeOrder {
    /// The order of so many logs, none of which was read.
    pub(super) fn new(logs: usize, clock: MergeClock) -> Self {
        let round = clock.now();
        Self {
            clock,
            heads: BinaryHeap::new(),
            ends: Vec::new(),
            unread: (0..logs).collect(),
            awaited: Vec::new(),
            round,
            is_round_over: false,
            gives_all: false,
        }
    }

    pub(super) fn set_clock(&mut self, clock: MergeClock) {
        self.round = clock.now();
        self.clock = clock;
    }

    /// Says that no line is waited for any more.
    pub(super) fn give_all(&mut self) {
        self.gives_all = true;
    }

    /// Asks for the next line of this log.
    pub(super) fn read_on(&mut self, log: usize) {
        self.unread.push(log);
    }

    /// After the end of a round: has the logs at their ends looked at again.
    pub(super) fn begin_round(&mut self) {
        if mem::take(&mut self.is_round_over) {
            // Asked before anything is read.
            self.round = self.clock.now();
            self.unread.append(&mut self.ends);
        }
    }

    /// The logs whose next lines are to be looked for. The answers are to be noted.
    pub(super) fn take_unread(&mut self) -> Vec<usize> {
        self.unread.append(&mut self.awaited);
        mem::take(&mut self.unread)
    }

    /// Gives back the list that was taken, empty, so that it need not be allocated again.
    pub(super) fn reuse(&mut self, mut list: Vec<usize>) {
        if self.unread.is_empty() {
            list.clear();
            self.unread = list;
        }
    }

    /// Whether the next lines of some logs are still looked for.
    pub(super) fn is_reading(&self) -> bool {
        !self.unread.is_empty()
    }

    /// The next line of the log is on its way.
    pub(super) fn await_line(&mut self, log: usize) {
        self.awaited.push(log);
    }

    /// Whether lines are on their way that are waited for.
    pub(super) fn is_awaiting(&self) -> bool {
        !self.awaited.is_empty() && !self.gives_all
    }

    /// The log has a line of this time.
    pub(super) fn note_head(&mut self, log: usize, time: DateTime<Utc>) {
        self.heads.push(Reverse(LogHead { time, log, since: self.round }));
    }

    /// The log has nothing more at present.
    pub(super) fn note_end(&mut self, log: usize) {
        self.ends.push(log);
    }

    /// The log whose line comes next. `None` if that is not certain before the next round.
    pub(super) fn next(&self) -> Option<usize> {
        let Reverse(head) = self.heads.peek()?;
        let is_certain = self.ends.is_empty()
            || self.gives_all
            || head.time <= self.round - WRITTEN_WITHIN
            || self.round - head.since >= MAX_HELD;
        is_certain.then_some(head.log)
    }

    /// Takes the line of [`next`](Self::next).
    pub(super) fn take_next(&mut self) {
        self.heads.pop();
    }

    /// Nothing more in this round.
    pub(super) fn end_round(&mut self) {
        self.is_round_over = true;
    }

    /// The instant before which every line was given, as far as that is known at the end of a round.
    pub(super) fn given_until(&self) -> Option<DateTime<Utc>> {
        if self.is_reading() {
            return None;
        }
        let held = self.heads.peek().map(|Reverse(head)| head.time);
        let silent = match (self.ends.is_empty(), held) {
            (false, _) => Some(self.round - WRITTEN_WITHIN),
            (true, Some(_)) => None,
            (true, None) => Some(self.clock.now() - WRITTEN_WITHIN),
        };
        held.into_iter().chain(silent).min()
    }

    /// Whether lines wait for lines of other logs.
    pub(super) fn holds_lines(&self) -> bool {
        !self.heads.is_empty()
    }

    /// Whether any log may still have a line.
    pub(super) fn has_logs(&self) -> bool {
        !(self.heads.is_empty()
            && self.ends.is_empty()
            && self.unread.is_empty()
            && self.awaited.is_empty())
    }

    /// Leaves a log out from now on.
    pub(super) fn remove(&mut self, log: usize) {
        self.heads.retain(|Reverse(head)| head.log != log);
        self.ends.retain(|other| *other != log);
        self.unread.retain(|other| *other != log);
        self.awaited.retain(|other| *other != log);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    /// The order of two logs and the time, in milliseconds.
    fn two_logs() -> (MergeOrder, Arc<AtomicI64>) {
        let time = Arc::new(AtomicI64::new(1_000));
        let told = time.clone();
        let clock = MergeClock::new(move || at(told.load(Ordering::Relaxed)));
        (MergeOrder::new(2, clock), time)
    }

    fn next_round(order: &mut MergeOrder) -> Vec<usize> {
        order.end_round();
        order.begin_round();
        order.take_unread()
    }

    #[test]
    fn a_line_waits_for_a_silent_log_until_its_end_is_known_to_be_later() {
        let (mut order, time) = two_logs();
        assert_eq!(order.take_unread(), [0, 1]);
        order.note_head(0, at(900));
        order.note_end(1);
        assert_eq!(order.next(), None);
        time.store(1_099, Ordering::Relaxed);
        assert_eq!(next_round(&mut order), [1]);
        order.note_end(1);
        assert_eq!(order.next(), None);
        time.store(1_100, Ordering::Relaxed);
        assert_eq!(next_round(&mut order), [1]);
        order.note_end(1);
        assert_eq!(order.next(), Some(0));
    }

    #[test]
    fn a_line_from_the_future_waits_for_a_second() {
        let (mut order, time) = two_logs();
        order.take_unread();
        order.note_head(1, at(1_000_000));
        order.note_end(0);
        time.store(1_999, Ordering::Relaxed);
        next_round(&mut order);
        order.note_end(0);
        assert_eq!(order.next(), None);
        time.store(2_000, Ordering::Relaxed);
        next_round(&mut order);
        order.note_end(0);
        assert_eq!(order.next(), Some(1));
    }

    #[test]
    fn the_earliest_line_comes_first_and_of_two_that_of_the_first_log() {
        let (mut order, _) = two_logs();
        order.take_unread();
        order.note_head(1, at(5));
        order.note_head(0, at(5));
        order.note_head(2, at(4));
        let mut all = Vec::new();
        while let Some(log) = order.next() {
            order.take_next();
            all.push(log);
        }
        assert_eq!(all, [2, 0, 1]);
        assert!(!order.has_logs());
    }

    #[test]
    fn what_was_given_is_known_up_to_the_first_line_that_waits() {
        let (mut order, time) = two_logs();
        assert_eq!(order.given_until(), None);
        order.take_unread();
        order.note_end(0);
        order.note_end(1);
        assert_eq!(order.given_until(), Some(at(800)));
        time.store(2_000, Ordering::Relaxed);
        next_round(&mut order);
        order.note_head(0, at(1_900));
        assert_eq!(order.given_until(), Some(at(1_900)));
        order.note_end(1);
        assert_eq!(order.given_until(), Some(at(1_800)));
        order.remove(0);
        order.remove(1);
        assert_eq!(order.given_until(), Some(at(1_800)));
        time.store(3_000, Ordering::Relaxed);
        assert_eq!(order.given_until(), Some(at(2_800)));
    }

    #[test]
    fn a_log_that_is_left_out_is_not_waited_for() {
        let (mut order, _) = two_logs();
        order.take_unread();
        order.note_head(0, at(1_000));
        order.note_end(1);
        order.remove(1);
        assert_eq!(order.next(), Some(0));
        order.remove(0);
        assert!(!order.has_logs() && !order.holds_lines());
    }
}
