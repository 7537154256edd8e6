//! A client of a front, and what it was given.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::model_node::{MAX_LOGS, ModelNode, SELECTION};
use crate::{
    FrontReading, FrontSelection, LogForm, MergeClock, MergedCursor, Progress, query::LogQuery,
    tests::follow_model::node::ModelClock,
};

/// What a client was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// The number of the last line of each pod.
    pub(super) last: BTreeMap<String, u64>,
    /// The greatest time of a line that was not late.
    time: String,
    pub(super) events: Vec<(String, String)>,
    pub(super) late: usize,
}

pub(super) struct ModelClient {
    pub(super) reading: FrontReading,
    pub(super) given: Given,
    /// Lines may begin anywhere: a tail was asked for.
    has_tail: bool,
    checkpoint: Option<(String, Given)>,
}

pub(super) fn front(
    nodes: &[ModelNode],
    query: &LogQuery,
    resumed: Option<&str>,
    clock: &ModelClock,
) -> FrontReading {
    let selection = FrontSelection {
        includes: Arc::new(|_| true),
        may_read: Arc::new(|_| true),
        container: None,
        max_logs: MAX_LOGS,
        checksum: SELECTION,
    };
    let told = clock.clone();
    let names = (0..nodes.len()).map(|node| Arc::from(format!("node-{node}")));
    let resumed = resumed.map(|text| MergedCursor::decode(text).unwrap());
    let clock = MergeClock::new(move || told.now());
    FrontReading::new(names, selection, query, resumed, LogForm::JsonLines, clock)
}

impl ModelClient {
    pub(super) fn come(nodes: &mut [ModelNode], query: &LogQuery, clock: &ModelClock) -> Self {
        let mut client = Self {
            reading: front(nodes, query, None, clock),
            given: Given::default(),
            has_tail: query.tail.is_some(),
            checkpoint: None,
        };
        (0..nodes.len()).for_each(|node| client.connect(nodes, node, query));
        client
    }

    /// Leaves, and comes back with the last checkpoint.
    pub(super) fn resume(
        &mut self,
        nodes: &mut [ModelNode],
        query: &LogQuery,
        clock: &ModelClock,
        is_down: impl Fn(usize) -> bool,
    ) {
        let Some((cursor, given)) = self.checkpoint.clone() else { return };
        self.reading = front(nodes, query, Some(&cursor), clock);
        self.given = given;
        for node in 0..nodes.len() {
            nodes[node].cut();
            match is_down(node) {
                true => self.reading.failed(node, Some(503)),
                false => self.connect(nodes, node, query),
            }
        }
    }

    pub(super) fn connect(&mut self, nodes: &mut [ModelNode], node: usize, query: &LogQuery) {
        if self.reading.may_return(node) {
            self.reading.reopen(node);
        }
        nodes[node].open(query, self.reading.cursor_of(node).as_deref());
        self.reading.opened(node);
    }

    pub(super) fn receive(&mut self, nodes: &mut [ModelNode], node: usize, most: usize) -> bool {
        let is_wanted = nodes[node].is_connected() && self.reading.wants(node);
        let bytes = if is_wanted { nodes[node].send(most) } else { None };
        let has_come = bytes.is_some();
        bytes.into_iter().for_each(|bytes| self.reading.push(node, bytes));
        has_come
    }

    pub(super) fn read(&mut self) -> (Progress, bool) {
        let mut out = Vec::new();
        let progress = self.reading.write_chunk(&mut out);
        for record in out.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()) {
            self.take(&serde_json::from_slice(record).unwrap());
        }
        (progress, !out.is_empty())
    }

    fn take(&mut self, record: &Value) {
        if let Some(message) = record["message"].as_str() {
            self.take_line(record, message.parse().unwrap());
        } else if let Some(cursor) = record["cursor"].as_str() {
            self.checkpoint = Some((cursor.to_owned(), self.given.clone()));
        } else if let Some(pod) = record.get("pod") {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.given.events.push((text(&pod["event"]), text(&pod["node"])));
        } else {
            assert!(record.get("gap").is_none(), "nothing was lost: {record}");
        }
    }

    fn take_line(&mut self, record: &Value, number: u64) {
        let (pod, time) = (record["pod"].as_str().unwrap(), record["time"].as_str().unwrap());
        let before = self.given.last.insert(pod.to_owned(), number);
        let begins_here = before.is_none() && (self.has_tail || number == 1);
        assert!(begins_here || before == Some(number - 1), "{number} of {pod} after {before:?}");
        if record["late"] == true {
            self.given.late += 1;
        } else {
            assert!(*time >= *self.given.time, "{time} after {}, and not late", self.given.time);
            time.clone_into(&mut self.given.time);
        }
    }
}
