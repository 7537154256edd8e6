//! `watch=true`.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{NS, get, start};
use crate::harness::{ActiveAnswer, FakeAuthority, Setup, WELL_FORMED_TOKEN, Watch, cri, word};

#[tokio::test]
async fn a_watch_shows_pods_that_exist_appear_change_and_go() {
    let (pair, alice) = start().await;
    let admin = pair.admin().await;
    let path = format!("{NS}/team-a/pods?watch=true");
    let mut watch = Watch::of(&alice, &path).await;
    let mut everywhere = Watch::of(&alice, "/api/v1/pods?watch=1").await;
    let first = ["ADDED crashy", "ADDED multi", "ADDED waiting", "ADDED web"];
    for watch in [&mut watch, &mut everywhere] {
        let mut event = watch.next().await.unwrap();
        let mut words = watch.words(3).await;
        words.push(word(&event));
        words.sort();
        assert_eq!(words, first);
        let object = event["object"].take();
        let name = object["metadata"]["name"].as_str().unwrap();
        let read = get(&alice, &format!("{NS}/team-a/pods/{name}")).await.object();
        assert_eq!(object, read);
    }
    pair.logs.write("team-b", "hidden", cri(&["x"]));
    pair.logs.write("team-a", "new", cri(&["x"]));
    pair.logs.pod("team-a", "new").container("app").write("1.log", cri(&["again"]));
    for watch in [&mut watch, &mut everywhere] {
        // One survey may find both.
        let mut event = watch.next().await.unwrap();
        while event["object"]["status"]["containerStatuses"][0]["restartCount"] != 1 {
            assert!(["ADDED new", "MODIFIED new"].contains(&&*word(&event)), "{event}");
            event = watch.next().await.unwrap();
        }
    }
    fs::remove_dir_all(pair.logs.pod("team-a", "new").path()).unwrap();
    let before = get(&admin, "/api/v1/pods").await.object()["metadata"]["resourceVersion"].clone();
    for watch in [&mut watch, &mut everywhere] {
        let event = watch.next().await.unwrap();
        assert_eq!(word(&event), "DELETED new");
        let version = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
        assert!(version(&event["object"]["metadata"]["resourceVersion"]) <= version(&before));
    }
}

#[tokio::test]
async fn a_watch_continues_where_a_list_ended() {
    let (pair, alice) = start().await;
    let list = get(&alice, "/api/v1/pods").await.object();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    pair.logs.write("team-a", "new", cri(&["x"]));
    let path = format!("/api/v1/pods?watch=true&resourceVersion={version}");
    let mut watch = Watch::of(&alice, &path).await;
    let event = watch.next().await.unwrap();
    assert_eq!(word(&event), "ADDED new");
    // An interrupted client gets the rest.
    pair.logs.write("team-a", "newer", cri(&["x"]));
    let version = event["object"]["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("/api/v1/pods?watch=true&resourceVersion={version}");
    let mut watch = Watch::of(&alice, &path).await;
    let mut event = watch.next().await.unwrap();
    // A survey may have found it before the write.
    while word(&event) == "MODIFIED new" {
        event = watch.next().await.unwrap();
    }
    assert_eq!(word(&event), "ADDED newer");
    // A watch cannot continue from an unknown version.
    for version in ["1", "99999999999999"] {
        let path = format!("/api/v1/pods?watch=true&resourceVersion={version}");
        let mut watch = Watch::of(&alice, &path).await;
        let event = watch.next().await.unwrap();
        assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
        assert_eq!(event["object"]["reason"], "Expired");
        let message = event["object"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("too old resource version: {version} (")));
        assert_eq!(watch.next().await, None);
    }
}

#[tokio::test]
async fn a_watch_applies_selectors_and_the_accepted_form() {
    let (pair, alice) = start().await;
    let selected = format!("{NS}/team-a/pods?watch=true&fieldSelector=metadata.name%3Dweb");
    assert_eq!(Watch::of(&alice, &selected).await.words(1).await, ["ADDED web"]);
    let none = format!("{NS}/team-a/pods?watch=true&labelSelector=app&timeoutSeconds=1");
    assert_eq!(Watch::of(&alice, &none).await.next().await, None);

    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = format!("{NS}/team-a/pods?watch=true");
    let request = alice.gateway(Method::GET, &path).header("accept", accept);
    let mut tables = Watch::to(request).await;
    let first = tables.next().await.unwrap();
    assert_eq!((&first["type"], &first["object"]["kind"]), (&json!("ADDED"), &json!("Table")));
    assert_eq!(first["object"]["columnDefinitions"].as_array().unwrap().len(), 9);
    let rows = first["object"]["rows"].as_array().unwrap();
    let name = rows[0]["cells"][0].as_str().unwrap();
    assert!(rows.len() == 1 && ["crashy", "multi", "waiting", "web"].contains(&name), "{rows:?}");
    assert_eq!(rows[0]["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(tables.next().await.unwrap()["object"]["columnDefinitions"], Value::Null);

    let mut namespaces = Watch::of(&alice, "/api/v1/namespaces?watch=true").await;
    assert_eq!(namespaces.words(1).await, ["ADDED team-a"]);
    for pod in fs::read_dir(pair.logs.path()).unwrap() {
        fs::remove_dir_all(pod.unwrap().path()).unwrap();
    }
    assert_eq!(namespaces.words(1).await, ["DELETED team-a"]);
}

#[tokio::test]
async fn bookmarks_mark_the_end_of_the_initial_events_and_the_progress() {
    let (_pair, alice) = start().await;
    let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let query = format!("{initial}&allowWatchBookmarks=true&timeoutSeconds=1&watch=true");
    let mut watch = Watch::of(&alice, &format!("/api/v1/pods?{query}")).await;
    assert_eq!(watch.words(4).await.len(), 4);
    let mark = watch.next().await.unwrap();
    assert_eq!((&mark["type"], &mark["object"]["kind"]), (&json!("BOOKMARK"), &json!("Pod")));
    let metadata = &mark["object"]["metadata"];
    assert_eq!(metadata["annotations"], json!({ "k8s.io/initial-events-end": "true" }));
    let last = watch.next().await.unwrap();
    assert_eq!(last["type"], "BOOKMARK");
    let version = |metadata: &Value| -> u64 {
        metadata["resourceVersion"].as_str().unwrap().parse().unwrap()
    };
    assert!(version(&last["object"]["metadata"]) > version(metadata));
    assert_eq!(watch.next().await, None);

    let refused = get(&alice, "/api/v1/pods?watch=true&sendInitialEvents=true").await;
    assert_eq!((refused.status, &refused.json()["reason"]), (422, &json!("Invalid")));
}

#[tokio::test]
async fn a_watch_counts_as_a_stream_and_ends_with_its_session() {
    let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "100ms");
    let pair = setup.gateway("GATEWAY_MAX_STREAMS_PER_USER", "1").start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let mut watch = Watch::of(&alice, "/api/v1/pods?watch=true").await;
    assert_eq!(watch.words(1).await, ["ADDED web"]);
    let second = get(&alice, "/api/v1/namespaces?watch=true").await;
    assert_eq!((second.status, &second.json()["reason"]), (429, &json!("TooManyRequests")));
    let forbidden = get(&alice, &format!("{NS}/team-b/pods?watch=true")).await;
    let message = r#"pods is forbidden: User "alice" cannot watch resource "pods" in API group "" in the namespace "team-b""#;
    assert_eq!((forbidden.status, &forbidden.json()["message"]), (403, &json!(message)));

    assert_eq!(alice.log_out().await.status, 204);
    let event = watch.next().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(401)));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_change_of_permissions_ends_a_watch() {
    let authority = FakeAuthority::start(ActiveAnswer::of("logs:read:team-a/*").reply()).await;
    let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "100ms");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let mut watch = Watch::of(&caller, "/api/v1/pods?watch=true").await;
    assert_eq!(watch.words(1).await, ["ADDED web"]);
    authority.answer(ActiveAnswer::of("logs:read:team-b/*").reply());
    let event = watch.next().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["reason"]), (&json!("ERROR"), &json!("Expired")));
    assert_eq!(watch.next().await, None);
}
