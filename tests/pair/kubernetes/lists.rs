//! Discovery, and lists of pods and namespaces.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Answer, NS, get, start};

#[tokio::test]
async fn readers_of_logs_see_reduced_pods() {
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
        ("limit=1&continue=abc", "invalid continue token: continue key is not valid"),
    ] {
        let answer = get(&alice, &format!("/api/v1/pods?{query}")).await;
        assert_eq!((answer.status, &answer.json()["message"]), (400, &json!(message)));
    }
}

#[tokio::test]
async fn discovery_comes_in_the_accepted_form() {
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
async fn a_list_by_labels_warns_that_there_are_none() {
    let (_pair, alice) = start().await;
    for (query, warning) in [
        ("?labelSelector=app%3Dweb", Some("299 - \"this source knows no labels\"")),
        ("?labelSelector=", None),
        ("", None),
    ] {
        let answer = get(&alice, &format!("{NS}/team-a/pods{query}")).await;
        let given = answer.response.get("warning").map(|value| value.to_str().unwrap());
        assert_eq!((answer.status, given), (200, warning), "{query}");
    }
}
