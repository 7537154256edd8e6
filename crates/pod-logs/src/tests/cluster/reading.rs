//! A reader of the pod of the fake API server.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::fake_server::FakeServer;
use crate::{
    Anchor, Cursor, History, LocateError, LogEnd, LogForm, LogQuery, LogReading, MergeClock,
    PodRef, Progress,
};

/// How long anything may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A reading, and what it gave so far.
pub(super) struct ClusterReading {
    reading: LogReading,
    pub(super) records: Vec<Value>,
    pub(super) end: Option<LogEnd>,
}

pub(super) fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}

/// The query for the current file.
pub(super) fn query() -> LogQuery {
    LogQuery { history: History::Current, ..LogQuery::default() }
}

impl ClusterReading {
    pub(super) async fn open(server: &FakeServer, query: &LogQuery) -> Result<Self, LocateError> {
        let located = server.source.open(&pod(), query, None).await?;
        let clock = MergeClock::at_the_end_of_time();
        let reading = LogReading::of_lines(located, query, LogForm::JsonLines, clock).unwrap();
        Ok(Self { reading, records: Vec::new(), end: None })
    }

    /// Reads until so many lines have come, or the log has ended.
    pub(super) async fn read_lines(&mut self, lines: usize) {
        let reading = async {
            while self.end.is_none() && self.lines().len() < lines {
                self.read().await;
            }
        };
        let is_in_time = timeout(PATIENCE, reading).await.is_ok();
        assert!(is_in_time, "{lines} lines do not come: {:?}", self.records);
    }

    /// Reads until one more such event of the pod has come.
    pub(super) async fn read_until_event(&mut self, event: &str) {
        self.read_until(|record| record["pod"]["event"] == event).await;
    }

    /// Reads until one more such record has come.
    pub(super) async fn read_until(&mut self, is_it: impl Fn(&Value) -> bool) {
        let count = |records: &[Value]| records.iter().filter(|record| is_it(record)).count();
        let before = count(&self.records);
        let reading = async {
            while self.end.is_none() && count(&self.records) == before {
                self.read().await;
            }
        };
        let is_in_time = timeout(PATIENCE, reading).await.is_ok();
        assert!(is_in_time, "it does not come: {:?}", self.records);
    }

    /// Reads until the end.
    pub(super) async fn read_all(&mut self) {
        self.read_lines(usize::MAX).await;
    }

    async fn read(&mut self) {
        let mut changes = self.reading.changes();
        let mut chunk = Vec::new();
        let progress = self.reading.write_chunk(&mut chunk);
        let records = serde_json::Deserializer::from_slice(&chunk).into_iter();
        self.records.extend(records.map(Result::unwrap));
        match progress {
            Ok(Progress::More) => {}
            Ok(Progress::CaughtUp) => changes[0].changed().await.unwrap_or_default(),
            Ok(Progress::Done(end)) => self.end = Some(end),
            Err(error) => {
                self.records.push(Value::String(error.to_string()));
                self.end = Some(LogEnd::Source);
            }
        }
    }

    /// The texts of the lines so far; a gap is `None`.
    pub(super) fn lines(&self) -> Vec<Option<&str>> {
        let is_line_or_gap =
            |record: &&Value| ["message", "gap"].iter().any(|name| record.get(name).is_some());
        let chosen = self.records.iter().filter(is_line_or_gap);
        chosen.map(|record| record["message"].as_str()).collect()
    }

    /// Where to go on behind the last line.
    pub(super) fn after(&self) -> Option<Anchor> {
        let cursor = self.records.iter().rev().find_map(|record| record["cursor"].as_str())?;
        Some(Anchor::After(Cursor::decode(cursor).unwrap()))
    }
}
