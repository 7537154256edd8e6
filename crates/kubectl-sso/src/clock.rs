//! The only module that reads the clock.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

/// A source of the time.
pub(crate) trait Clock: Debug {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The wall clock of this machine, which kubectl uses too.
#[derive(Debug)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still: for tests.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct StoppedClock(pub(crate) DateTime<Utc>);

#[cfg(test)]
impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
