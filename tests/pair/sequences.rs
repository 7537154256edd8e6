//! The requests of stern and k9s in their order, with the members that each needs in the answers.
//!
//! A test cannot run either: stern has no release as a package, and k9s needs a terminal. Their
//! requests are taken from their sources.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Ask, Caller, Pair, Setup, Watch, cri, patience, word};

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

/// A field of a message: text or another message.
fn field(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

/// The fields of a review's spec, in the order of their numbers from one.
const ATTRIBUTES: [&str; 7] =
    ["namespace", "verb", "group", "version", "resource", "subresource", "name"];

fn attribute((name, value): &(&str, &str)) -> Vec<u8> {
    let before = ATTRIBUTES.iter().position(|attribute| attribute == name).unwrap();
    field(u8::try_from(before).unwrap() + 1, value)
}

/// A `SelfSubjectAccessReview`, as client-go sends it since 0.32.
fn review(attributes: &[(&str, &str)]) -> Vec<u8> {
    let kind = [field(1, "authorization.k8s.io/v1"), field(2, "SelfSubjectAccessReview")].concat();
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    let spec = field(2, field(1, attributes));
    // The metadata and the content encoding are empty.
    let raw = [field(1, []), spec].concat();
    [b"k8s\0".to_vec(), field(1, kind), field(2, raw), field(3, []), field(4, [])].concat()
}

/// Whether the caller is allowed to do this, asked as k9s does: in protobuf, accepting any form.
async fn may(caller: &Caller, attributes: &[(&str, &str)]) -> bool {
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let request = caller
        .gateway(Method::POST, path)
        .header("accept", PROTOBUF_OR_JSON)
        .header("content-type", "application/vnd.kubernetes.protobuf")
        .body(review(attributes));
    let answer = request.ask().await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/json"));
    let review = answer.json();
    assert_eq!(review["kind"], "SelfSubjectAccessReview");
    review["status"]["allowed"].as_bool().unwrap()
}

#[tokio::test]
async fn k9s_starts_with_discovery_and_access_reviews() {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    pair.logs.write("team-b", "secret", cri(&["hidden"]));
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                      application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
                      application/json";
    let core = object(&alice, "/api", aggregated).await;
    assert_eq!(core["kind"], "APIGroupDiscoveryList");
    let resources = core["items"][0]["versions"][0]["resources"].as_array().unwrap();
    let pods = resources.iter().find(|resource| resource["resource"] == "pods").unwrap();
    assert_eq!(
        (&pods["scope"], &pods["responseKind"]["kind"]),
        (&json!("Namespaced"), &json!("Pod"))
    );
    for verb in ["get", "list", "watch"] {
        assert!(pods["verbs"].as_array().unwrap().contains(&json!(verb)), "{pods}");
    }
    object(&alice, "/apis", aggregated).await;
    // k9s repeats this every few seconds.
    let version = object(&alice, "/version?timeout=5s", "application/json, */*").await;
    assert!(version["gitVersion"].as_str().unwrap().starts_with('v'), "{version}");

    assert!(may(&alice, &[("verb", "list"), ("resource", "namespaces")]).await);
    let namespaces = object(&alice, "/api/v1/namespaces", PROTOBUF_OR_JSON).await;
    assert_eq!(namespaces["items"][0]["metadata"]["name"], "team-a");
    // A resource that is not served must be denied: otherwise k9s waits for it.
    let (crd, metrics) = ("apiextensions.k8s.io", "metrics.k8s.io");
    let crd = [("verb", "list"), ("group", crd), ("resource", "customresourcedefinitions")];
    assert!(!may(&alice, &crd).await);
    assert!(!may(&alice, &[("verb", "list"), ("group", metrics), ("resource", "pods")]).await);
    // The review is right about each namespace, and about all of them.
    for (namespace, allowed) in [("team-a", true), ("team-b", false), ("", true)] {
        for verb in ["list", "watch"] {
            let asked = [("namespace", namespace), ("verb", verb), ("resource", "pods")];
            assert_eq!(may(&alice, &asked).await, allowed, "{verb} {namespace:?}");
        }
    }
}

#[tokio::test]
async fn k9s_lists_by_watching_and_gets_the_end_bookmark() {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    pair.logs.write("team-a", "api", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let list = "allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=300&watch=true";
    let mut watch = Watch::to(get(&alice, &format!("{PODS}?{list}"), "application/json")).await;
    // In the order of their versions, which are random within a survey.
    let mut listed = watch.words(2).await;
    listed.sort_unstable();
    assert_eq!(listed, ["ADDED api", "ADDED web"]);
    let end = watch.next().await.unwrap();
    let metadata = &end["object"]["metadata"];
    assert_eq!((&end["type"], &end["object"]["kind"]), (&json!("BOOKMARK"), &json!("Pod")));
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    let version = metadata["resourceVersion"].as_str().unwrap();
    pair.logs.pod("team-a", "web").container("app").write("1.log", cri(&["again"]));
    let changed = watch.next().await.unwrap();
    assert_eq!(word(&changed), "MODIFIED web");
    assert_eq!(changed["object"]["status"]["containerStatuses"][0]["restartCount"], 1);
    // After an interruption k9s continues from the bookmark; without bookmarks it lists again.
    let rest = format!("allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds=300");
    let path = format!("{PODS}?{rest}&watch=true");
    let mut again = Watch::to(get(&alice, &path, "application/json")).await;
    assert_eq!(again.words(1).await, ["MODIFIED web"]);
    let path = format!("{PODS}?limit=500&resourceVersion=0");
    let list = object(&alice, &path, "application/json").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(list["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().is_ok());
}

#[tokio::test]
async fn k9s_follows_a_log() {
    let pair = Setup::new().gateway("GATEWAY_REVALIDATE", "100ms").start();
    let lines: Vec<_> = (0..60).map(|number| line(number, 0, &format!("line {number}"))).collect();
    pair.logs.write("team-a", "web", lines.concat());
    let container = pair.logs.pod("team-a", "web").container("app");
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let log =
        |name| [("verb", "get"), ("resource", "pods"), ("subresource", "log"), ("name", name)];
    let there = |name| [&[("namespace", "team-a")], &log(name)[..]].concat();
    assert!(may(&alice, &there("web")).await);
    assert!(!may(&alice, &[&[("namespace", "team-b")], &log("web")[..]].concat()).await);

    let path = format!("{PODS}/web/log?container=app&follow=true&tailLines=50&timestamps=true");
    let request = get(&alice, &path, "application/json, */*").send();
    let response = timeout(patience(), request).await.unwrap().unwrap();
    let mut tail = Tail { response, unread: Vec::new(), skip: 0, second: String::new(), seen: 0 };
    assert_eq!(tail.next().await, "line 10");
    for number in 11..60 {
        assert_eq!(tail.next().await, format!("line {number}"));
    }
    container.append("0.log", line(59, 1, "the next"));
    assert_eq!(tail.next().await, "the next");
    // The head of a log is its first bytes.
    let path = format!("{PODS}/web/log?container=app&limitBytes=100&timestamps=true");
    let head = get(&alice, &path, "application/json, */*").send().await.unwrap();
    let head = head.bytes().await.unwrap();
    assert_eq!(head.len(), 100);
    assert!(head.starts_with(b"2126-01-01T00:00:00.000000000Z line 0\n2126-01-01T00:00:01."));
}
