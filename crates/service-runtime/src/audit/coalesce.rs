//! Repeats of an event become one line a minute.

use std::{collections::HashMap, hash::Hash, mem, time::Duration};

use chrono::{DateTime, Utc};

/// How long repeats are gathered.
const GATHERED: Duration = Duration::from_secs(60);
/// How often it is looked for those that are due: there may be thousands, and thousands of events a
/// second.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Of how many series.
pub(super) const SERIES: usize = 4096;

/// An event that may stand for several.
pub trait RepeatedEvent {
    /// When it was.
    fn time(&self) -> DateTime<Utc>;

    /// The same, which happened so often.
    #[must_use]
    fn repeated(self, count: u64) -> Self;
}

#[derive(Debug)]
struct Repeats<E> {
    /// When the first was.
    since: DateTime<Utc>,
    /// How many have been written one by one.
    written: u64,
    /// How many have not.
    unwritten: u64,
    /// The last of those that have not.
    latest: Option<E>,
}

/// Lets the first events of a series through at once, and of those that follow within a minute the
/// last, with their number. Holds at most 4096 series: one more, and all are given.
#[derive(Debug)]
pub struct Coalescer<S, E> {
    series: HashMap<S, Repeats<E>>,
    next_look: Option<DateTime<Utc>>,
}

impl<S, E> Default for Coalescer<S, E> {
    fn default() -> Self {
        Self { series: HashMap::new(), next_look: None }
    }
}

impl<S: Eq + Hash, E: RepeatedEvent> Coalescer<S, E> {
    /// Takes an event of a series, of which so many are written one by one within a minute. Gives
    /// the events that are to be written now.
    pub fn take(&mut self, series: S, burst: u64, event: E) -> Vec<E> {
        if let Some(repeats) = self.series.get_mut(&series) {
            return repeats.take(event, burst).into_iter().collect();
        }
        let mut due = if self.series.len() >= SERIES { self.finish() } else { Vec::new() };
        let repeats = Repeats { since: event.time(), written: 1, unwritten: 0, latest: None };
        self.series.insert(series, repeats);
        due.push(event);
        due
    }

    /// The repeats whose minute is over, give or take a second.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<E> {
        if self.next_look.is_some_and(|next| now < next) {
            return Vec::new();
        }
        self.next_look = Some(now + LOOK_PERIOD);
        let over = self.series.extract_if(|_, repeats| repeats.since + GATHERED <= now);
        over.filter_map(|(_, repeats)| repeats.into_event()).collect()
    }

    /// All repeats.
    pub fn finish(&mut self) -> Vec<E> {
        mem::take(&mut self.series).into_values().filter_map(Repeats::into_event).collect()
    }

    /// Whether the series had an event within the last minute.
    pub fn knows(&self, series: &S) -> bool {
        self.series.contains_key(series)
    }

    /// The number of series.
    pub fn series_count(&self) -> usize {
        self.series.len()
    }
}

impl<E: RepeatedEvent> Repeats<E> {
    fn take(&mut self, event: E, burst: u64) -> Option<E> {
        if self.written < burst {
            self.written += 1;
            return Some(event);
        }
        self.unwritten += 1;
        self.latest = Some(event);
        None
    }

    fn into_event(self) -> Option<E> {
        Some(self.latest?.repeated(self.unwritten))
    }
}
