//! Logs that are read through a front.

mod incarnations;
mod lying_node;
mod many_pods;
mod moved_containers;
mod node_faults;
mod one_pod;
mod scene;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Ask, Caller, patience};

const NDJSON: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";

/// The records of a body that ends.
async fn records(caller: &Caller, path: &str) -> Vec<Value> {
    let request = caller.gateway(Method::GET, path).header("accept", NDJSON);
    request.ask().await.log_records()
}

fn messages(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["message"].as_str()).collect()
}

/// A body of records, read while it is written.
struct RecordStream {
    response: Response,
    read: String,
}

impl RecordStream {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.header("accept", NDJSON).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, read: String::new() }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some((record, rest)) = self.read.split_once('\n') {
                let record = serde_json::from_str(record).unwrap();
                self.read = rest.to_owned();
                return record;
            }
            let chunk = timeout(2 * patience(), self.response.chunk()).await.unwrap().unwrap();
            self.read.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next record of this kind; others are left out.
    async fn record(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let record = self.next().await;
            if is_wanted(&record) {
                return record;
            }
        }
    }
}
