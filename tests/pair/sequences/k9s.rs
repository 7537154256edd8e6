//! k9s.

use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use super::{PODS, PROTOBUF_OR_JSON, Tail, get, line, object};
use crate::harness::{Ask, Caller, Pair, Setup, Watch, cri, patience, word};

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
