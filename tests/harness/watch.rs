//! A watch of the Kubernetes API.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::{caller::Caller, wait::patience};

/// The events of a watch, one by one.
pub(crate) struct Watch {
    response: Response,
    read: Vec<u8>,
}

impl Watch {
    pub(crate) async fn of(caller: &Caller, path_and_query: &str) -> Self {
        Self::to(caller.gateway(Method::GET, path_and_query)).await
    }

    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = timeout(patience(), request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        Self { response, read: Vec::new() }
    }

    /// The next event; `None` at a clean end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let chunk = timeout(patience(), self.response.chunk()).await.unwrap().unwrap();
            self.read.extend(chunk?);
        }
    }

    /// The next events in words.
    pub(crate) async fn words(&mut self, count: usize) -> Vec<String> {
        let mut words = Vec::new();
        for _ in 0..count {
            words.push(word(&self.next().await.unwrap()));
        }
        words
    }
}

/// Type and object of an event.
pub(crate) fn word(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = &event["object"]["metadata"]["name"];
    format!("{} {}", text(&event["type"]), text(name)).trim_end().to_owned()
}
