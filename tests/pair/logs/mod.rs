//! Readings of one log: resumed, linked to, of one run, and what is told beside the lines.

mod choosing;
mod masking;
mod records;
mod resuming;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Caller};

/// The lines of `default/web` that a query gives, as objects.
async fn lines(caller: &Caller, query: &str) -> Vec<Value> {
    let request = caller.gateway(Method::GET, &format!("/logs/web?{query}"));
    let answer = request.header("accept", "application/x-ndjson").ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let objects = answer.log_objects().into_iter();
    objects.filter(|object| object.get("container").is_some()).collect()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}
