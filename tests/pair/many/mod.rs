//! The logs of many pods in one stream.

mod bodies;
mod following;
mod resuming;
mod selecting;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Answer, Ask, Caller, patience};

pub(crate) const NDJSON: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";

fn request(caller: &Caller, query: &str, accept: &str) -> RequestBuilder {
    caller.gateway(Method::GET, &format!("/logs?{query}")).header("accept", accept)
}

pub(crate) async fn ask(caller: &Caller, query: &str, accept: &str) -> Answer {
    request(caller, query, accept).ask().await
}

/// The records of a body that ends.
pub(crate) async fn records(caller: &Caller, query: &str) -> Vec<Value> {
    let answer = ask(caller, query, NDJSON).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.log_records()
}

pub(crate) fn messages(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["message"].as_str()).collect()
}

/// The last checkpoint.
pub(crate) fn checkpoint(records: &[Value]) -> String {
    let mut cursors = records.iter().filter(|record| record.get("message").is_none());
    cursors.rfind(|record| record["cursor"].is_string()).unwrap()["cursor"].as_str().unwrap().into()
}

/// A stream that is followed, read by a separator.
pub(crate) struct ManyStream {
    response: Response,
    read: String,
    separator: &'static str,
}

impl ManyStream {
    pub(crate) async fn of(caller: &Caller, query: &str, accept: &str) -> Self {
        let separator = if accept == EVENTS { "\n\n" } else { "\n" };
        Self { separator, ..Self::of_request(request(caller, query, accept)).await }
    }

    /// The records that answer a request for them.
    pub(crate) async fn of_request(request: RequestBuilder) -> Self {
        let response = timeout(patience(), request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        Self { response, read: String::new(), separator: "\n" }
    }

    /// The next record or event.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            if let Some((first, rest)) = self.read.split_once(self.separator) {
                let (first, rest) = (first.to_owned(), rest.to_owned());
                self.read = rest;
                return first;
            }
            let chunk = timeout(patience(), self.response.chunk()).await.unwrap().unwrap();
            self.read.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next record of this kind; others are left out.
    pub(crate) async fn record(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let record: Value = serde_json::from_str(&self.next().await).unwrap();
            if is_wanted(&record) {
                return record;
            }
        }
    }

    pub(crate) async fn line(&mut self) -> Value {
        self.record(|record| record["message"].is_string()).await
    }

    pub(crate) async fn checkpoint(&mut self) -> String {
        let is_checkpoint =
            |record: &Value| record["cursor"].is_string() && record["message"].is_null();
        self.record(is_checkpoint).await["cursor"].as_str().unwrap().to_owned()
    }

    /// The next event of this kind about a log.
    pub(crate) async fn pod_event(&mut self, event: &str) -> Value {
        self.record(|record| record["pod"]["event"] == event).await["pod"].clone()
    }
}
