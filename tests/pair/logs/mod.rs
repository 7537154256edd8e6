//! Readings of one log: resumed, linked to, and of one run.

mod choosing;
mod resuming;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Caller};

/// The lines of `default/web` that a query gives, as objects.
async fn lines(caller: &Caller, query: &str) -> Vec<Value> {
    let request = caller.gateway(Method::GET, &format!("/logs/web?{query}"));
    let answer = request.header("accept", "application/x-ndjson").ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let objects = answer.text().lines().map(|line| serde_json::from_str(line).unwrap());
    objects.filter(|object: &Value| object.get("container").is_some()).collect()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}
