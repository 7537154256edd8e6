//! Which of several logs has the next line.
//!
//! A log either has a head, its next line, or reads on, or was at its end when the round began. A
//! head is given when no silent log can still write an earlier line: lines are in their files
//! within [`WRITTEN_WITHIN`] of their times. Of a log that comes from an API server, that is never
//! known. A head that has waited for [`MAX_HELD`] is given in any case, since its time may lie in the
//! future. Its wait begins when it comes, not when the line before it was given: else a log would give
//! a line a second beside a silent one.

#[cfg(test)]
mod merge_order_tests;

use std::{cmp::Reverse, collections::BinaryHeap, mem, time::Duration};

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
    /// Logs of which nothing more had come then, though lines may have been written.
    silent: Vec<usize>,
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
    /// Since when it has waited.
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
            silent: Vec::new(),
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
            self.unread.append(&mut self.silent);
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

    /// The log has a line of this time, which has waited for so long behind others of the log.
    pub(super) fn note_head(&mut self, log: usize, time: DateTime<Utc>, waited: Duration) {
        let waited = TimeDelta::from_std(waited).unwrap_or(MAX_HELD);
        self.heads.push(Reverse(LogHead { time, log, since: self.round - waited }));
    }

    /// The log has nothing more at present.
    pub(super) fn note_end(&mut self, log: usize) {
        self.ends.push(log);
    }

    /// Nothing more of the log has come at present. When its lines were written is not known.
    pub(super) fn note_silence(&mut self, log: usize) {
        self.silent.push(log);
    }

    /// The log whose line comes next. `None` if that is not certain before the next round.
    pub(super) fn next(&self) -> Option<usize> {
        let Reverse(head) = self.heads.peek()?;
        let is_earliest = self.silent.is_empty()
            && (self.ends.is_empty() || head.time <= self.round - WRITTEN_WITHIN);
        let is_certain = is_earliest || self.gives_all || self.round - head.since >= MAX_HELD;
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
        if self.is_reading() || !self.silent.is_empty() {
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
            && self.silent.is_empty()
            && self.unread.is_empty()
            && self.awaited.is_empty())
    }

    /// Leaves a log out from now on.
    pub(super) fn remove(&mut self, log: usize) {
        self.heads.retain(|Reverse(head)| head.log != log);
        self.ends.retain(|other| *other != log);
        self.silent.retain(|other| *other != log);
        self.unread.retain(|other| *other != log);
        self.awaited.retain(|other| *other != log);
    }
}
