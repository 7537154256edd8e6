//! Refusals that repeat become one line a minute.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use service_runtime::audit::Coalescer;

use super::event::ReadEvent;

/// How many pods of a user have lines of their own within a minute; refusals about further ones
/// count together, so that a user cannot fill the disk.
const PODS_PER_USER: usize = 32;
const MINUTE: Duration = Duration::from_secs(60);

/// What refusals have in common that count as repeats.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DeniedSeries {
    user: Arc<str>,
    /// The namespace and the pod; `None` for all further ones.
    pod: Option<(String, String)>,
}

/// Gathers refusals.
#[derive(Debug, Default)]
pub(super) struct DeniedReads {
    coalescer: Coalescer<DeniedSeries, ReadEvent>,
    /// How many pods of each user have a series.
    pods: HashMap<Arc<str>, usize>,
    /// When these were counted anew.
    counted_since: Option<DateTime<Utc>>,
}

impl DeniedReads {
    /// Takes a refusal, and gives those that are to be written now.
    pub(super) fn take(&mut self, event: ReadEvent) -> Vec<ReadEvent> {
        let series = self.series(&event);
        self.coalescer.take(series, 1, event)
    }

    /// The repeats whose minute is over, give or take a second.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<ReadEvent> {
        if self.counted_since.is_none_or(|since| since + MINUTE <= now) {
            self.pods.clear();
            self.counted_since = Some(now);
        }
        self.coalescer.due(now)
    }

    /// All repeats.
    pub(super) fn finish(&mut self) -> Vec<ReadEvent> {
        self.coalescer.finish()
    }

    fn series(&mut self, event: &ReadEvent) -> DeniedSeries {
        let Some(request) = &event.request else {
            return DeniedSeries { user: Arc::default(), pod: None };
        };
        let pod = Some((request.target.namespace.clone(), request.target.pod.clone()));
        let exact = DeniedSeries { user: request.user.clone(), pod };
        if self.coalescer.knows(&exact) {
            return exact;
        }
        let pods = self.pods.entry(request.user.clone()).or_default();
        *pods += 1;
        if *pods > PODS_PER_USER { DeniedSeries { pod: None, ..exact } } else { exact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::event::tests::{denied, noon};

    #[test]
    fn repeats_of_a_refusal_are_one_line_a_minute_with_their_number() {
        let mut reads = DeniedReads::default();
        assert_eq!(reads.take(denied("ada", "web", noon())).len(), 1);
        let last = noon() + Duration::from_secs(59);
        for _ in 0..10 {
            assert!(reads.take(denied("ada", "web", last)).is_empty());
        }
        assert_eq!(reads.take(denied("ada", "db", last)).len(), 1);
        assert_eq!(reads.take(denied("bob", "web", last)).len(), 1);
        assert!(reads.due(last).is_empty());
        let due = reads.due(noon() + MINUTE);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].count, due[0].time), (Some(10), last));
    }

    #[test]
    fn a_user_who_tries_many_pods_gets_few_lines_and_each_refusal_is_counted() {
        let mut reads = DeniedReads::default();
        let mut written = Vec::new();
        for number in 0..10_000 {
            written.extend(reads.take(denied("ada", &format!("web-{number}"), noon())));
        }
        assert_eq!(written.len(), PODS_PER_USER + 1);
        assert_eq!(reads.take(denied("bob", "web", noon())).len(), 1);
        written.extend(reads.due(noon() + MINUTE));
        assert_eq!(written.iter().map(|event| event.count.unwrap_or(1)).sum::<u64>(), 10_000);
        // A minute later they are news again.
        assert_eq!(reads.take(denied("ada", "web-9999", noon() + MINUTE)).len(), 1);
    }
}
