//! Events on their way to the database, where administrators look through them.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use service_runtime::metrics::Metrics;
use tokio::{sync::mpsc, time::timeout};

use super::event::Event;

/// How many may wait to be written.
const WAITING: usize = 8192;
/// The most that are written at once.
const LARGEST_BATCH: usize = 1024;
/// How long a batch is gathered.
const GATHERED: Duration = Duration::from_secs(1);

/// Takes events that are to become rows. The rows are a convenience beside the audit log: events
/// that find no room, or cannot be written, are counted and left out.
#[derive(Debug)]
pub(crate) struct AuditRows {
    events: mpsc::Sender<Event>,
    lost: Counter,
}

/// The events that wait to become rows.
#[derive(Debug)]
pub(crate) struct WaitingRows {
    events: mpsc::Receiver<Event>,
    lost: Counter,
}

impl AuditRows {
    /// An empty queue, and its other end.
    pub(crate) fn new(metrics: &Metrics) -> (Self, WaitingRows) {
        let lost = metrics.register(
            "audit_rows_lost",
            "Security events that were not stored in the database",
            Counter::default(),
        );
        let (sender, events) = mpsc::channel(WAITING);
        (Self { events: sender, lost: lost.clone() }, WaitingRows { events, lost })
    }

    /// Has an event written.
    pub(crate) fn keep(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost.inc();
        }
    }
}

impl WaitingRows {
    /// The next events: all that come within a second, at most 1024. `None` when [`AuditRows`] is
    /// dropped and nothing is left.
    pub(crate) async fn next(&mut self) -> Option<Vec<Event>> {
        let mut batch = vec![self.events.recv().await?];
        let gather = async {
            while batch.len() < LARGEST_BATCH
                && let Some(event) = self.events.recv().await
            {
                batch.push(event);
            }
        };
        // The events that have come by then are written.
        let _ = timeout(GATHERED, gather).await;
        Some(batch)
    }

    /// Counts events that could not be written.
    pub(crate) fn count_lost(&self, events: u64) {
        self.lost.inc_by(events);
    }
}
