//! The audit log: events on their way to the record and to the database.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus_client::metrics::counter::Counter;
use service_runtime::{
    audit::{self, AuditQueue, AuditRecord, AuditWriter, QueuedEvent, write_line},
    clock::Clock,
    metrics::Metrics,
};

use super::{coalesce::Coalescer, event::Event, kind::Kind, rows::AuditRows};

/// How many events may wait to be written: about 2 MiB.
const WAITING: usize = 8192;

/// The audit log. A thread of its own writes the events, so that a full disk or a slow pipe holds
/// up no request: events that find no room are counted, in a metric and in an event that says how
/// many were lost.
#[derive(Debug, Clone)]
pub(crate) struct AuditLog {
    events: AuditQueue<LogEntry>,
    lost: DroppedEvents,
}

/// The thread that writes.
pub(crate) type AuditThread = audit::AuditThread<LogEntry>;

/// An event on its way.
#[derive(Debug)]
pub(crate) struct LogEntry {
    event: Event,
    /// Whether the database has it already.
    has_row: bool,
}

impl AuditLog {
    /// A log that goes to this record, and to the database if there is one.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(
        record: AuditRecord,
        rows: Option<AuditRows>,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> io::Result<(Self, AuditThread)> {
        let lost = DroppedEvents::new(metrics);
        let coalescer = Coalescer::default();
        let writer = EventWriter { record, rows, clock, coalescer, lost: lost.clone() };
        let (events, thread) = audit::start(WAITING, writer)?;
        Ok((Self { events, lost }, thread))
    }

    /// Has an event written.
    pub(crate) fn record(&self, event: Event) {
        self.send(LogEntry::new(event));
    }

    /// Has the line of an event written whose row is in the database already.
    pub(crate) fn record_line(&self, event: Event) {
        self.send(LogEntry { event, has_row: true });
    }

    fn send(&self, entry: LogEntry) {
        if !self.events.offer(entry) {
            self.lost.count();
        }
    }
}

impl LogEntry {
    fn new(event: Event) -> Self {
        Self { event, has_row: false }
    }
}

/// Events that found no room.
#[derive(Debug, Clone)]
struct DroppedEvents {
    untold: Arc<AtomicU64>,
    ever: Counter,
}

impl DroppedEvents {
    fn new(metrics: &Metrics) -> Self {
        let ever = metrics.register(
            "audit_events_lost",
            "Security events dropped because the queue was full",
            Counter::default(),
        );
        Self { untold: Arc::default(), ever }
    }

    fn count(&self) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        self.ever.inc();
    }
}

struct EventWriter {
    record: AuditRecord,
    rows: Option<AuditRows>,
    clock: Arc<dyn Clock>,
    coalescer: Coalescer,
    lost: DroppedEvents,
}

impl fmt::Debug for EventWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl AuditWriter<LogEntry> for EventWriter {
    fn write(&mut self, events: Vec<QueuedEvent<LogEntry>>) {
        let mut due = Vec::new();
        for entry in events.into_iter().map(QueuedEvent::release) {
            match entry.has_row {
                true => due.push(entry),
                false => {
                    due.extend(self.coalescer.take(entry.event).into_iter().map(LogEntry::new));
                }
            }
        }
        due.extend(self.coalescer.due(self.clock.now()).into_iter().map(LogEntry::new));
        self.write_entries(due);
    }

    fn finish(&mut self) {
        let due = self.coalescer.finish();
        self.write_entries(due.into_iter().map(LogEntry::new).collect());
    }
}

impl EventWriter {
    fn write_entries(&mut self, mut entries: Vec<LogEntry>) {
        let lost = self.lost.untold.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let dropped = Event::new(Kind::Dropped, self.clock.now()).times(lost);
            entries.push(LogEntry::new(dropped));
        }
        if entries.is_empty() {
            return;
        }
        let mut lines = Vec::new();
        for entry in &entries {
            write_line(&entry.event, &mut lines);
        }
        if let Err(error) = self.record.write_all(&lines) {
            tracing::error!(%error, "cannot write the audit log: its events go to standard error");
            // Nothing is left to tell if that fails as well.
            let _ = io::stderr().write_all(&lines);
        }
        if let Some(rows) = &self.rows {
            let without_row = entries.into_iter().filter(|entry| !entry.has_row);
            without_row.for_each(|entry| rows.keep(entry.event));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Mutex, mpsc};

    use serde_json::Value;
    use service_runtime::clock::ManualClock;

    use super::*;
    use crate::{audit::Source, test_service::noon};

    /// A record in memory.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        pub(crate) fn parse(&self) -> Vec<Value> {
            let lines = self.0.lock().unwrap();
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Holds up the writer until the other end says or hangs up.
    struct BlockedRecord {
        writing: mpsc::Sender<()>,
        go_on: mpsc::Receiver<()>,
        lines: Lines,
    }

    impl Write for BlockedRecord {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.writing.send(());
            let _ = self.go_on.recv();
            self.lines.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start(record: impl Write + Send + 'static, metrics: &Metrics) -> (AuditLog, AuditThread) {
        let clock = Arc::new(ManualClock::at(noon()));
        AuditLog::start(Box::new(record), None, clock, metrics).unwrap()
    }

    #[test]
    fn recorded_events_are_written_before_the_end() {
        let lines = Lines::default();
        let (log, thread) = start(lines.clone(), &Metrics::default());
        for _ in 0..1000 {
            log.record(Event::new(Kind::UserChanged, noon()));
        }
        let source = Source { ip: [192, 0, 2, 1].into(), request_id: "r" };
        for _ in 0..3 {
            log.record(Event::new(Kind::LoginFailed, noon()).at(source));
        }
        thread.finish();
        let lines = lines.parse();
        assert_eq!(lines.len(), 1002);
        assert_eq!(lines[1001]["count"], 2);
    }

    #[test]
    fn dropped_events_are_counted_and_reported() {
        let (lines, metrics) = (Lines::default(), Metrics::default());
        let ((writing, written), (release, go_on)) = (mpsc::channel(), mpsc::channel());
        let (log, thread) = start(BlockedRecord { writing, go_on, lines: lines.clone() }, &metrics);
        log.record(Event::new(Kind::UserChanged, noon()));
        written.recv().unwrap(); // the thread is held up with the first
        for _ in 0..WAITING + 5 {
            log.record(Event::new(Kind::UserChanged, noon()));
        }
        assert!(metrics.render().contains("audit_events_lost_total 5"), "{}", metrics.render());
        drop(release);
        thread.finish();
        let lines = lines.parse();
        let told: Vec<_> = lines.iter().filter(|line| line["audit"] == "dropped").collect();
        assert_eq!((told.len(), &told[0]["count"]), (1, &5.into()));
        assert_eq!(lines.len(), 1 + WAITING + 1);
    }
}
