//! The Kubernetes API of the gateway, against what a real API server was seen to answer.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{
    Caller, FakeAuthority, Pair, Reply, Setup, Vouching, WELL_FORMED_TOKEN, Watch, cri, patience,
    word,
};

const NS: &str = "/api/v1/namespaces";

/// A whole answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    kind: String,
    body: String,
    response: reqwest::header::HeaderMap,
}

impl Answer {
    async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert!(headers.contains_key("x-request-id"), "{headers:?}");
        let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let body = String::from_utf8(response.bytes().await.unwrap().into()).unwrap();
        Self { status, kind: kind.unwrap_or_default(), body, response: headers }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The object, of an answer that must be a success.
    #[track_caller]
    fn object(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{self:?}");
        self.json()
    }

    /// A failure in these very bytes, but for the line end.
    #[track_caller]
    fn check_failure(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.trim_end()), (status, body));
        assert_eq!(self.kind, "application/json");
    }
}

async fn get(caller: &Caller, path: &str) -> Answer {
    Answer::to(caller.gateway(Method::GET, path)).await
}

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    Answer::to(caller.gateway(Method::POST, path).json(body)).await
}

/// Two namespaces; alice reads one of them.
async fn start() -> (Pair, Caller) {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", cri(&["one", "two", "three"]));
    let multi = pair.logs.pod("team-a", "multi");
    for container in ["app", "sidecar"] {
        multi.container(container).write("0.log", cri(&[container]));
    }
    pair.logs.pod("team-a", "waiting").container("app");
    pair.logs.pod("team-a", "crashy").container("app").write("0.log", cri(&["before"]));
    pair.logs.pod("team-a", "crashy").container("app").write("1.log", cri(&["after"]));
    pair.logs.write("team-b", "secret", cri(&["hidden"]));
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    (pair, alice)
}

#[tokio::test]
async fn options_are_decoded_as_go_does() {
    let (_pair, alice) = start().await;
    for (query, expected) in [
        ("tailLines=1", "three\n"),
        ("tailLines=%2B2", "two\nthree\n"),
        ("tailLines=1&tailLines=2", "three\n"),
        ("tailLines=9223372036854775807", "one\ntwo\nthree\n"),
        ("tailLines=0", ""),
        ("limitBytes=5", "one\nt"),
        ("sinceTime=2026-11-01T10:00:01.9Z", "two\nthree\n"),
        ("sinceTime=2026-11-01T12:00:02%2B02:00", "three\n"),
        ("sinceTime=&tailLines=1", "three\n"),
        ("sinceSeconds=1", ""),
        ("timestamps=yes&tailLines=1", "2026-11-01T10:00:02.000000000Z three\n"),
        ("timestamps&tailLines=1", "2026-11-01T10:00:02.000000000Z three\n"),
        ("timestamps=FALSE&tailLines=1", "three\n"),
        ("timestamps=0&tailLines=1", "three\n"),
        ("taillines=1&tail=1&nope=1&pretty=true", "one\ntwo\nthree\n"),
        ("tailLines=1;limitBytes=5", "one\ntwo\nthree\n"),
        ("container=&tailLines=1", "three\n"),
        ("container=app&watch=true&tailLines=1", "three\n"),
        ("stream=Stderr", ""),
        ("stream=Stdout&tailLines=1", "three\n"),
    ] {
        let answer = get(&alice, &format!("{NS}/team-a/pods/web/log?{query}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{query}");
    }
    assert_eq!(
        get(&alice, &format!("{NS}/team-a/pods/web/log/?tailLines=1")).await.body,
        "three\n"
    );
    assert_eq!(get(&alice, &format!("{NS}/team-a/pods/we%62/log?tailLines=1")).await.status, 200);
}

#[tokio::test]
async fn what_was_not_recorded_is_refused_in_words_alike() {
    let (_pair, alice) = start().await;
    let bad = |message: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{message}","reason":"BadRequest","code":400}}"#
        )
    };
    for (log, message) in [
        ("web/log?container=NO_NAME", "container NO_NAME is not valid for pod web"),
        (
            "web/log?previous=true&container=app",
            r#"previous terminated container \"app\" in pod \"web\" not found"#,
        ),
        (
            "multi/log",
            "a container name must be specified for pod multi, choose one of: [app sidecar]",
        ),
        (
            "waiting/log?container=app",
            r#"container \"app\" in pod \"waiting\" is waiting to start: ContainerCreating"#,
        ),
    ] {
        get(&alice, &format!("{NS}/team-a/pods/{log}")).await.check_failure(400, &bad(message));
    }
    get(&alice, &format!("{NS}/team-a/pods/web/log?stream=x")).await.check_failure(
        422,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"PodLogOptions \"web\" is invalid: stream: Unsupported value: \"x\": supported values: \"All\", \"Stderr\", \"Stdout\"","reason":"Invalid","details":{"name":"web","kind":"PodLogOptions","causes":[{"reason":"FieldValueNotSupported","message":"Unsupported value: \"x\": supported values: \"All\", \"Stderr\", \"Stdout\"","field":"stream"}]},"code":422}"#,
    );
}

#[tokio::test]
async fn what_is_not_there_and_what_may_not_be_read() {
    let (pair, alice) = start().await;
    let missing = |name: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"pods \"{name}\" not found","reason":"NotFound","details":{{"name":"{name}","kind":"pods"}},"code":404}}"#
        )
    };
    let denied = |name: &str, resource: &str, namespace: &str| {
        format!(
            r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"pods \"{name}\" is forbidden: User \"alice\" cannot get resource \"{resource}\" in API group \"\" in the namespace \"{namespace}\"","reason":"Forbidden","details":{{"name":"{name}","kind":"pods"}},"code":403}}"#
        )
    };
    for name in ["nope", "UPPER_case"] {
        let log = get(&alice, &format!("{NS}/team-a/pods/{name}/log")).await;
        log.check_failure(404, &missing(name));
        get(&alice, &format!("{NS}/team-a/pods/{name}")).await.check_failure(404, &missing(name));
    }
    // Whether it is there or not.
    for name in ["secret", "nope"] {
        let path = format!("{NS}/team-b/pods/{name}");
        get(&alice, &format!("{path}/log"))
            .await
            .check_failure(403, &denied(name, "pods/log", "team-b"));
        get(&alice, &path).await.check_failure(403, &denied(name, "pods", "team-b"));
    }
    get(&alice, &format!("{NS}/team-b/pods")).await.check_failure(
        403,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" in the namespace \"team-b\"","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#,
    );
    let nobody = pair.user("nobody", &[]).await;
    get(&nobody, "/api/v1/pods").await.check_failure(
        403,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#,
    );
    const NO_PATH: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#;
    for path in
        ["/api/v1/pods/web/log", "/api/v1/namespaces/team-a/things", "/apis/nope/v1", "/api/v2"]
    {
        get(&alice, path).await.check_failure(404, NO_PATH);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for path in ["/web/log", "/web", ""] {
            let path = format!("{NS}/team-a/pods{path}");
            let answer = Answer::to(alice.gateway(method.clone(), &path)).await;
            answer.check_failure(405, r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server does not allow this method on the requested resource","reason":"MethodNotAllowed","details":{},"code":405}"#);
            assert_eq!(answer.response["allow"], "GET");
        }
    }
    assert_eq!(
        Answer::to(alice.gateway(Method::HEAD, &format!("{NS}/team-a/pods/web/log"))).await.status,
        405
    );
}

#[tokio::test]
async fn a_log_is_text_that_text_alone_does_not_get() {
    let (_pair, alice) = start().await;
    let log = format!("{NS}/team-a/pods/web/log?tailLines=1");
    let asking = |accept: &str| alice.gateway(Method::GET, &log).header("accept", accept);
    for accept in ["application/json", "application/json, */*", "application/yaml", "*/*"] {
        assert_eq!(Answer::to(asking(accept)).await.body, "three\n", "{accept}");
    }
    let only = "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  \"message\": \"only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf\",\n  \"reason\": \"NotAcceptable\",\n  \"code\": 406\n}";
    for accept in ["text/plain", "application/json;as=Table;v=v1;g=meta.k8s.io"] {
        Answer::to(asking(accept)).await.check_failure(406, only);
    }
    let html = "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  \"message\": \"406: Not Acceptable\\n\\nAvailable representations: text/plain, application/json, application/yaml, application/vnd.kubernetes.protobuf\",\n  \"reason\": \"NotAcceptable\",\n  \"details\": {},\n  \"code\": 406\n}";
    Answer::to(asking("text/html")).await.check_failure(406, html);
}

#[tokio::test]
async fn a_credential_is_good_or_bad_or_unknown() {
    const UNAUTHORIZED: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    let (mut pair, alice) = start().await;
    for path in ["/api", "/apis", "/api/v1", "/api/v1/pods", "/api/nope"] {
        get(&pair.anonymous(), path).await.check_failure(401, UNAUTHORIZED);
    }
    assert_eq!(get(&pair.anonymous(), "/version").await.status, 200);
    let nobody = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    get(&nobody, "/api").await.check_failure(401, UNAUTHORIZED);
    for header in ["Bearer ", "Basic YTpi", "Bearer a b", "Bearer not-a-token"] {
        let request = pair.anonymous().gateway(Method::GET, "/api").header("authorization", header);
        Answer::to(request).await.check_failure(401, UNAUTHORIZED);
    }
    let twice = alice.gateway(Method::GET, "/api").header("authorization", "Bearer x");
    Answer::to(twice).await.check_failure(401, UNAUTHORIZED);
    let cookie = format!("session_id={}", alice.token());
    let cookie = pair.anonymous().gateway(Method::GET, "/api").header("cookie", cookie);
    Answer::to(cookie).await.check_failure(401, UNAUTHORIZED);
    pair.sso.kill();
    let unknown = get(&alice, "/api/v1/pods").await;
    assert_eq!((unknown.status, &unknown.response["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(unknown.json()["reason"], "ServiceUnavailable");
}

#[tokio::test]
async fn pods_are_shown_as_far_as_their_readers_may_know_them() {
    let (pair, alice) = start().await;
    let list = get(&alice, "/api/v1/pods").await.object();
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("PodList"), &json!("v1")));
    let items = list["items"].as_array().unwrap();
    let names: Vec<_> = items.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["crashy", "multi", "waiting", "web"]);

    let pod = get(&alice, &format!("{NS}/team-a/pods/crashy")).await.object();
    assert_eq!(pod["kind"], "Pod");
    let metadata = &pod["metadata"];
    assert_eq!(metadata["creationTimestamp"], "2026-11-01T10:00:00Z");
    assert!(metadata["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(pod["spec"]["containers"][0]["name"], "app");
    assert_eq!(pod["status"]["phase"], "Running");
    assert_eq!(pod["status"]["conditions"][0]["status"], "Unknown");
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!(status["restartCount"], 1);
    let uid = metadata["uid"].as_str().unwrap();
    assert_eq!(status["containerID"], format!("file://{uid}/app/1"));
    assert_eq!(status["state"]["running"]["startedAt"], "2026-11-01T10:00:00Z");

    let namespaces = get(&alice, "/api/v1/namespaces").await.object();
    let namespaces = namespaces["items"].as_array().unwrap();
    assert_eq!(namespaces.len(), 1);
    assert_eq!(namespaces[0]["metadata"]["name"], "team-a");
    assert_eq!(get(&alice, &format!("{NS}/team-a")).await.object()["kind"], "Namespace");
    assert_eq!(get(&alice, &format!("{NS}/team-b")).await.status, 403);
    let admin = pair.admin().await;
    assert_eq!(get(&admin, &format!("{NS}/nope")).await.status, 404);
    assert_eq!(get(&admin, &format!("{NS}/nope/pods")).await.object()["items"], json!([]));
    let events = get(&alice, &format!("{NS}/team-a/events")).await.object();
    assert_eq!((&events["kind"], &events["items"]), (&json!("EventList"), &json!([])));
}

#[tokio::test]
async fn kubectl_gets_a_table() {
    let (_pair, alice) = start().await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = format!("{NS}/team-a/pods?limit=500");
    let table =
        Answer::to(alice.gateway(Method::GET, &path).header("accept", accept)).await.object();
    assert_eq!((&table["kind"], &table["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    let columns = table["columnDefinitions"].as_array().unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (column["name"].as_str().unwrap(), column["priority"].clone()))
        .collect();
    let shown = ["Name", "Ready", "Status", "Restarts", "Age"].map(|name| (name, json!(0)));
    let wide = ["IP", "Node", "Nominated Node", "Readiness Gates"].map(|name| (name, json!(1)));
    assert_eq!(columns, [&shown[..], &wide].concat());
    let row = &table["rows"][0];
    assert_eq!(
        row["cells"].as_array().unwrap()[..4],
        json!(["crashy", "0/1", "Running", "1"]).as_array().unwrap()[..]
    );
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(row["object"]["metadata"]["namespace"], "team-a");
}

#[tokio::test]
async fn lists_are_selected_and_paged() {
    let (_pair, alice) = start().await;
    let names = async |query: &str| -> (Vec<String>, Value) {
        let list = get(&alice, &format!("/api/v1/pods?{query}")).await.object();
        let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
        let names = list["items"].as_array().unwrap().iter().map(name).collect();
        (names, list["metadata"]["continue"].clone())
    };
    assert_eq!(names("fieldSelector=metadata.name%3Dweb").await.0, ["web"]);
    assert_eq!(names("fieldSelector=status.phase%3DFailed").await.0, [""; 0]);
    assert_eq!(names("labelSelector=app").await.0, [""; 0]);
    assert_eq!(names("labelSelector=!app&limit=-1").await.0.len(), 4);
    let (first, next) = names("limit=3").await;
    assert_eq!(first, ["crashy", "multi", "waiting"]);
    let (second, next) = names(&format!("limit=3&continue={}", next.as_str().unwrap())).await;
    assert_eq!((second, next), (vec!["web".to_owned()], Value::Null));
    for (query, message) in [
        ("labelSelector=%3D%3D", "found '==', expected: !, identifier, or 'end of string'"),
        ("fieldSelector=status.foo%3D1", "field label not supported: status.foo"),
        ("limit=x", r#"strconv.ParseInt: parsing "x": invalid syntax"#),
        (
            "limit=1&continue=abc",
            "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
        ),
    ] {
        let answer = get(&alice, &format!("/api/v1/pods?{query}")).await;
        assert_eq!((answer.status, &answer.json()["message"]), (400, &json!(message)));
    }
}

#[tokio::test]
async fn a_watch_shows_what_there_is_and_what_comes_changes_and_goes() {
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
        // Both may be seen at once.
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
async fn a_watch_goes_on_where_a_list_ended() {
    let (pair, alice) = start().await;
    let list = get(&alice, "/api/v1/pods").await.object();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    pair.logs.write("team-a", "new", cri(&["x"]));
    let path = format!("/api/v1/pods?watch=true&resourceVersion={version}");
    let mut watch = Watch::of(&alice, &path).await;
    let event = watch.next().await.unwrap();
    assert_eq!(word(&event), "ADDED new");
    // Whoever was cut off gets the rest.
    pair.logs.write("team-a", "newer", cri(&["x"]));
    let version = event["object"]["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("/api/v1/pods?watch=true&resourceVersion={version}");
    let mut watch = Watch::of(&alice, &path).await;
    let mut event = watch.next().await.unwrap();
    // It may have been seen before it was written to.
    while word(&event) == "MODIFIED new" {
        event = watch.next().await.unwrap();
    }
    assert_eq!(word(&event), "ADDED newer");
    // What was never known cannot be gone on from.
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
async fn a_watch_shows_what_is_wanted_in_the_form_that_is_wanted() {
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
async fn bookmarks_say_where_the_start_ends_and_how_far_a_watch_came() {
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
async fn a_watch_is_a_stream_of_its_user_and_lasts_as_long_as_the_permission() {
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
async fn whoever_may_see_something_else_has_to_watch_anew() {
    let authority = FakeAuthority::start(Vouching::of("logs:read:team-a/*").reply()).await;
    let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "100ms");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let mut watch = Watch::of(&caller, "/api/v1/pods?watch=true").await;
    assert_eq!(watch.words(1).await, ["ADDED web"]);
    authority.answer(Vouching::of("logs:read:team-b/*").reply());
    let event = watch.next().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["reason"]), (&json!("ERROR"), &json!("Expired")));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn discovery_comes_in_the_form_that_is_asked_for() {
    let (_pair, alice) = start().await;
    let aggregated = |version: &str| {
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")
    };
    for version in ["v2", "v2beta1"] {
        for path in ["/api", "/apis"] {
            let accept = format!("{},application/json", aggregated(version));
            let answer =
                Answer::to(alice.gateway(Method::GET, path).header("accept", accept)).await;
            assert_eq!(answer.kind, aggregated(version));
            let document = answer.object();
            assert_eq!(document["kind"], "APIGroupDiscoveryList");
            assert_eq!(document["apiVersion"], format!("apidiscovery.k8s.io/{version}"));
        }
    }
    assert_eq!(get(&alice, "/api").await.object()["versions"], json!(["v1"]));
    assert_eq!(get(&alice, "/apis").await.object()["kind"], "APIGroupList");
    let resources = get(&alice, "/api/v1").await.object();
    let resources = resources["resources"].as_array().unwrap();
    let names: Vec<_> =
        resources.iter().map(|resource| resource["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["events", "namespaces", "pods", "pods/log"]);
}

#[tokio::test]
async fn a_review_tells_what_would_be_answered() {
    let (pair, alice) = start().await;
    pair.create_user("bob", "the password of bob", &["logs:read:team-a/web-*"]);
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (attributes, allowed) in [
        (
            json!({"namespace":"team-a","verb":"get","resource":"pods","subresource":"log","name":"x"}),
            true,
        ),
        (json!({"namespace":"team-a","verb":"get","resource":"pods","subresource":"log"}), true),
        (json!({"namespace":"team-a","verb":"get","resource":"pods","name":"x"}), true),
        (json!({"namespace":"team-a","verb":"list","resource":"pods"}), true),
        (json!({"namespace":"team-a","verb":"watch","resource":"pods"}), true),
        (json!({"verb":"list","resource":"pods"}), true),
        (json!({"verb":"list","resource":"namespaces"}), true),
        (json!({"namespace":"team-b","verb":"get","resource":"pods","subresource":"log"}), false),
        (json!({"namespace":"team-b","verb":"list","resource":"pods"}), false),
        (json!({"namespace":"team-a","verb":"delete","resource":"pods"}), false),
        (
            json!({"namespace":"team-a","verb":"create","resource":"pods","subresource":"exec"}),
            false,
        ),
        (json!({"namespace":"team-a","verb":"get","resource":"secrets"}), false),
        (json!({"namespace":"team-a","verb":"get","group":"apps","resource":"pods"}), false),
        (json!({}), false),
    ] {
        let body = json!({ "spec": { "resourceAttributes": attributes } });
        let review = post(&alice, path, &body).await;
        assert_eq!(
            (review.status, &review.json()["status"]["allowed"]),
            (201, &json!(allowed)),
            "{body}"
        );
    }
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let review = post(&alice, rules, &json!({ "spec": { "namespace": "team-a" } })).await.object();
    let may_get = json!({ "verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/log"] });
    assert!(review["status"]["resourceRules"].as_array().unwrap().contains(&may_get), "{review}");
    let oneself = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = post(&alice, oneself, &json!({})).await.object();
    assert_eq!(review["status"]["userInfo"]["username"], "alice");
    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("text/plain", "{}", 415),
        ("application/vnd.kubernetes.protobuf", "k8s\0\x12\x7f", 400),
    ] {
        let request = alice.gateway(Method::POST, path).header("content-type", kind).body(body);
        assert_eq!(Answer::to(request).await.status, status, "{kind}");
    }
}

/// `follow=true`, and its first lines.
async fn follow(caller: &Caller, first: &str) -> Response {
    let request = caller.gateway(Method::GET, &format!("{NS}/team-a/pods/web/log?follow=true"));
    let mut response = timeout(patience(), request.send()).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.chunk().await.unwrap().unwrap(), first);
    response
}

#[tokio::test]
async fn a_followed_log_ends_with_its_container_or_breaks_off() {
    let pair = Setup::new().gateway("GATEWAY_REVALIDATE", "100ms").start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    let container = pair.logs.pod("team-a", "web").container("app");
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    let mut ended = follow(&alice, "one\n").await;
    container.write("1.log", cri(&["after"]));
    assert_eq!(timeout(patience(), ended.chunk()).await.unwrap().unwrap(), None);

    let mut revoked = follow(&alice, "after\n").await;
    assert_eq!(alice.log_out().await.status, 204);
    assert!(timeout(patience(), revoked.chunk()).await.unwrap().is_err());
}

#[tokio::test]
async fn an_authority_that_hangs_is_unknown_in_time() {
    let authority = FakeAuthority::start(Reply::Nothing).await;
    let setup = Setup::new().gateway("GATEWAY_SSO_TIMEOUT", "200ms");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let answer = timeout(Duration::from_secs(5), get(&caller, "/api")).await.unwrap();
    assert_eq!(answer.status, 503);
    authority.answer(Vouching::of("logs:read").reply());
    assert_eq!(get(&caller, "/api").await.status, 200);
}

#[tokio::test]
async fn why_an_answer_failed_is_in_the_log_under_its_id_and_nowhere_else() {
    let mut pair = Setup::new().gateway_obeys_file_modes().start();
    let admin = pair.admin().await;
    pair.logs.write("team-a", "web", cri(&["one"]));
    let log = pair.logs.pod("team-a", "web").path().join("app/0.log");
    fs::set_permissions(log, Permissions::from_mode(0o000)).unwrap();
    let answer = get(&admin, &format!("{NS}/team-a/pods/web/log")).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let cause = "Permission denied";
    assert!(!answer.body.contains(cause), "{answer:?}");
    let id = answer.response["x-request-id"].to_str().unwrap();
    let log = pair.gateway.stop_and_read_log();
    let told: Vec<_> = log.lines().filter(|line| line.contains(cause)).collect();
    assert!(!told.is_empty() && told.iter().all(|line| line.contains(id)), "{told:?}");
}

#[tokio::test]
async fn a_review_larger_than_any_is_not_read() {
    let (_pair, alice) = start().await;
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = post(&alice, path, &json!({ "spec": {}, "padding": "x".repeat(70_000) })).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (413, &json!("RequestEntityTooLarge")));
}
