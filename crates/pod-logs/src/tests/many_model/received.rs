//! What a reader has received, and whether that is right.

use std::collections::{BTreeMap, BTreeSet};

use super::node::{LogName, Losses, ModelPods, incarnation, is_first};

/// What a reader has received.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    pub(super) logs: BTreeMap<LogName, ReceivedLog>,
    /// The incarnations of logs that are left out.
    pub(super) skipped: BTreeSet<usize>,
    /// The greatest time of a line that was not late.
    time: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ReceivedLog {
    /// The number of the last line of each incarnation.
    pub(super) last: BTreeMap<usize, usize>,
    /// The number of a line whose end was not written yet.
    pub(super) unfinished: Option<usize>,
    /// A gap was told, or the reader begins here: any line may be next.
    pub(super) may_miss: bool,
}

impl Received {
    pub(super) fn check_time(&mut self, time: String, may_be_out_of_order: bool) {
        if !may_be_out_of_order {
            assert!(time >= self.time, "{time} after {}, and not late", self.time);
            self.time = time;
        }
    }

    pub(super) fn take_line(
        &mut self,
        log: &LogName,
        message: &str,
        is_whole: bool,
        pods: &ModelPods,
    ) {
        let mut numbers = message.split_whitespace().map(|number| number.parse::<usize>().unwrap());
        let number = numbers.next().unwrap();
        assert!(numbers.all(|other| other == number), "a line of pieces of others: {message}");
        let of = incarnation(number);
        assert!(!self.skipped.contains(&of), "{log:?} was skipped");
        let received = self.logs.entry(log.clone()).or_default();
        received.check_follows(number, pods.losses_before(log, number), log);
        received.unfinished = (!is_whole).then_some(number);
        if is_whole {
            let last = received.last.insert(of, number);
            let is_newest = received.last.last_key_value().is_some_and(|(newest, _)| *newest == of);
            // A gap comes before the line that it cuts off, and is also that after it.
            let is_cut_off = message.ends_with(' ') && last.is_some();
            let follows = last.is_none_or(|last| number == last + 1);
            received.may_miss &= !is_newest || is_cut_off || !follows;
        }
    }

    pub(super) fn take_event(&mut self, event: &str, log: LogName, of: usize, pods: &ModelPods) {
        match event {
            "skipped" => drop(self.skipped.insert(of)),
            // From when it is permitted again, it is read from then on.
            "forbidden" => self.logs.entry(log).or_default().may_miss = true,
            "gone" => {
                let received = self.logs.entry(log).or_default();
                if let Some(last) = received.last.get(&of)
                    && let Some((written, may_lose)) = pods.deleted.get(&of)
                {
                    let has_all = last == written || received.unfinished == Some(*written);
                    assert!(has_all || *may_lose || received.may_miss, "{last} is not all");
                }
            }
            _ => {}
        }
    }

    /// To a caller, a log that may not be read is one that is gone.
    pub(super) fn lose_forbidden(&mut self, forbidden: &BTreeSet<String>, pods: &ModelPods) {
        for log in pods.logs().keys().filter(|(pod, _)| forbidden.contains(pod)) {
            self.logs.entry(log.clone()).or_default().may_miss = true;
        }
    }
}

impl ReceivedLog {
    pub(super) fn check_follows(&self, number: usize, losses: Losses, log: &LogName) {
        let is_excused = self.may_miss || losses.are_untraceable;
        match self.last.get(&incarnation(number)) {
            Some(last) => {
                assert!(number > *last, "{number} after {last} of {log:?}");
                let follows = number == last + 1 || is_excused;
                assert!(follows, "{number} after {last} of {log:?}, no gap");
            }
            None => {
                // What was deleted before a reader came is not missed.
                let is_first = is_first(number) || losses.are_possible || is_excused;
                assert!(is_first, "{number} is the first of {log:?}");
            }
        }
    }
}
