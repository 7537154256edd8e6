//! The requests of stern and k9s in their order, with the members that each needs in the answers.
//!
//! A test cannot run either: stern has no release as a package, and k9s needs a terminal. Their
//! requests are taken from their sources.

mod k9s;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Ask, Caller, Pair, Watch, patience, word};

/// The `Accept` header of client-go for pods, when it prefers protobuf, and for events.
const PROTOBUF_OR_JSON: &str = "application/vnd.kubernetes.protobuf,application/json";
const PODS: &str = "/api/v1/namespaces/team-a/pods";

fn get(caller: &Caller, path: &str, accept: &str) -> RequestBuilder {
    caller.gateway(Method::GET, path).header("accept", accept)
}

async fn object(caller: &Caller, path: &str, accept: &str) -> Value {
    let answer = get(caller, path, accept).ask().await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

/// A line with a time in the future, later than any `sinceSeconds` ago.
fn line(second: usize, nanoseconds: usize, text: &str) -> String {
    format!("2126-01-01T00:00:{second:02}.{nanoseconds:09}Z stdout F {text}\n")
}

/// One container's log as stern reads it: it remembers the second of the last line, and the number
/// of lines with that second.
struct Tail {
    response: Response,
    unread: Vec<u8>,
    skip: usize,
    second: String,
    seen: usize,
}

impl Tail {
    async fn begin(caller: &Caller, pod: &str) -> Self {
        Self::open(caller, pod, "sinceSeconds=172800", 0).await
    }

    /// After the connection was lost.
    async fn resume(self, caller: &Caller, pod: &str) -> Self {
        let since = format!("sinceTime={}Z", self.second);
        Self::open(caller, pod, &since, self.seen).await
    }

    async fn open(caller: &Caller, pod: &str, since: &str, skip: usize) -> Self {
        let query = format!("container=app&follow=true&{since}&timestamps=true");
        let path = format!("{PODS}/{pod}/log?{query}");
        let request = get(caller, &path, PROTOBUF_OR_JSON).send();
        let response = timeout(patience(), request).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        Self { response, unread: Vec::new(), skip, second: String::new(), seen: 0 }
    }

    /// The next line that stern shows.
    async fn next(&mut self) -> String {
        loop {
            let line = self.line().await;
            // stern splits there, and fails on a line without a time.
            let (time, message) = line.split_once(' ').unwrap();
            let (second, fraction) = time.split_once('.').unwrap();
            assert_eq!((second.len(), fraction.len()), (19, 10), "{line}");
            if second != self.second {
                (self.second, self.seen) = (second.to_owned(), 0);
            }
            self.seen += 1;
            match self.skip.checked_sub(1) {
                Some(left) => self.skip = left,
                None => return message.to_owned(),
            }
        }
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line = self.unread.drain(..=end).collect();
                return String::from_utf8(line).unwrap().trim_end().to_owned();
            }
            let chunk = timeout(patience(), self.response.chunk()).await.unwrap().unwrap();
            self.unread.extend(chunk.unwrap());
        }
    }
}

/// The ids of an object's containers; stern reads only containers with an id. The object must have
/// a version, from which an interrupted watch continues.
#[track_caller]
fn containers(pod: &Value) -> Vec<&str> {
    let version = pod["metadata"]["resourceVersion"].as_str().unwrap();
    assert!(version.parse::<u64>().unwrap() > 0, "{pod}");
    let statuses = pod["status"]["containerStatuses"].as_array().unwrap();
    statuses.iter().map(|status| status["containerID"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn stern_finds_the_pods_and_reads_them() {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", line(0, 1, "one"));
    let starting = pair.logs.pod("team-a", "starting").container("app");
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    // Without a version, the existing pods come first.
    let path = format!("{PODS}?watch=true");
    let mut watch = Watch::to(get(&alice, &path, PROTOBUF_OR_JSON)).await;
    // Pods of one survey come in the order of their versions, which are random.
    let mut first = [watch.next().await.unwrap(), watch.next().await.unwrap()];
    first.sort_by_key(word);
    let [pending, web] = first;
    assert_eq!([word(&pending), word(&web)], ["ADDED starting", "ADDED web"]);
    assert_eq!(containers(&pending["object"]), [""]);
    assert!(containers(&web["object"])[0].starts_with("file://"), "{web}");
    assert_eq!(Tail::begin(&alice, "web").await.next().await, "one");
    // A container that starts later is announced, and can be read then.
    starting.write("0.log", line(0, 2, "first"));
    let started = watch.next().await.unwrap();
    assert_eq!(word(&started), "MODIFIED starting");
    assert!(containers(&started["object"])[0].ends_with("/app/0"), "{started}");
    assert_eq!(Tail::begin(&alice, "starting").await.next().await, "first");
    // An interrupted watch continues.
    let version = started["object"]["metadata"]["resourceVersion"].as_str().unwrap();
    drop(watch);
    pair.logs.write("team-a", "later", line(0, 3, "late"));
    let path = format!("{PODS}?allowWatchBookmarks=true&resourceVersion={version}&watch=true");
    let mut watch = Watch::to(get(&alice, &path, PROTOBUF_OR_JSON)).await;
    let later = watch.next().await.unwrap();
    assert_eq!(word(&later), "ADDED later");
    // Without `--follow`, stern lists the pods and reads each log to its end.
    let list = object(&alice, PODS, PROTOBUF_OR_JSON).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let log = format!("{PODS}/web/log?container=app&sinceSeconds=172800&timestamps=true");
    let log = get(&alice, &log, PROTOBUF_OR_JSON).send().await.unwrap().text().await.unwrap();
    assert_eq!(log, "2126-01-01T00:00:00.000000001Z one\n");
    let mut everywhere = Watch::of(&alice, "/api/v1/pods?watch=true").await;
    // In the order of their versions: a client interrupted between two of them continues from the
    // first.
    assert_eq!(everywhere.words(3).await, ["ADDED web", "ADDED starting", "ADDED later"]);
}

#[tokio::test]
async fn stern_resumes_by_the_second_and_loses_no_line() {
    let pair = Pair::start();
    let written = [line(1, 100, "one"), line(2, 100, "two"), line(2, 200, "three")].concat();
    pair.logs.write("team-a", "web", written);
    let container = pair.logs.pod("team-a", "web").container("app");
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let mut tail = Tail::begin(&alice, "web").await;
    for text in ["one", "two", "three"] {
        assert_eq!(tail.next().await, text);
    }
    // The connection breaks, and the container writes another line within the same second.
    container.append("0.log", line(2, 300, "four"));
    let mut tail = tail.resume(&alice, "web").await;
    assert_eq!(tail.next().await, "four");
    container.append("0.log", line(3, 0, "five"));
    assert_eq!(tail.next().await, "five");
    let mut tail = tail.resume(&alice, "web").await;
    container.append("0.log", line(3, 0, "six"));
    assert_eq!(tail.next().await, "six");
}
