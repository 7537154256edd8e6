//! Where in a line a pattern matched.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Pair, cri};

#[tokio::test]
async fn an_object_says_where_its_line_matched() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["é timeout, \u{1b}[1mtime\u{1b}[0mout", "on time"]));
    let admin = pair.admin().await;
    let hits = async |query: &str| {
        let request = admin.gateway(Method::GET, &format!("/logs/web?{query}"));
        let answer = request.header("accept", "application/x-ndjson").ask().await;
        let objects = answer.text().lines().map(|line| serde_json::from_str(line).unwrap());
        let lines = objects.filter(|object: &Value| object["message"].is_string());
        lines.map(|line| line["hits"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(hits("grep=timeout").await, [json!([[3, 10], [16, 27]])]);
    assert_eq!(hits("grep=time&grep=on").await, [json!([[0, 2], [3, 7]])]);
    assert_eq!(hits("exclude=out").await, [Value::Null]);
}
