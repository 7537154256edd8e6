//! What tells a merge the time.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};

/// Tells the time on the node that lines are stamped by.
#[derive(Clone)]
pub struct MergeClock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl MergeClock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// For logs that are read as they are: no line is waited for.
    #[must_use]
    pub fn at_the_end_of_time() -> Self {
        Self::new(|| DateTime::<Utc>::MAX_UTC)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for MergeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MergeClock")
    }
}
