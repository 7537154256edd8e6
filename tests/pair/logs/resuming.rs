//! Readings that go on where an earlier one stopped.

use reqwest::Method;

use super::{lines, messages};
use crate::harness::{Ask, Pair, cri};

#[tokio::test]
async fn a_resumed_reading_loses_nothing_by_tail_and_since() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["one", "two", "three", "four"]));
    let admin = pair.admin().await;
    let first = lines(&admin, "limitLines=1").await;
    let cursor = first[0]["cursor"].as_str().unwrap();
    let expected = ["two", "three", "four"];
    for chosen in ["since=10m", "sinceSeconds=600", "sinceTime=2999-01-01T00:00:00Z", "tail=1"] {
        let resumed = lines(&admin, &format!("after={cursor}&{chosen}")).await;
        assert_eq!(messages(&resumed), expected, "{chosen}");
        let request = admin.gateway(Method::GET, &format!("/logs/web?{chosen}"));
        let request = request.header("accept", "text/plain").header("last-event-id", cursor);
        assert_eq!(request.ask().await.text(), "two\nthree\nfour\n", "{chosen}");
    }
}

#[tokio::test]
async fn limits_count_anew_after_a_cursor() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["one", "two", "three", "four"]));
    let admin = pair.admin().await;
    let first = lines(&admin, "limitLines=2").await;
    let after = format!("limitLines=2&after={}", first[1]["cursor"].as_str().unwrap());
    assert_eq!(messages(&lines(&admin, &after).await), ["three", "four"]);
}
