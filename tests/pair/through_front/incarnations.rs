//! All incarnations of a pod that was moved between nodes.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::{EVENTS, NDJSON, RecordStream, messages, records, scene::Scene};
use crate::harness::{
    ActiveAnswer, Ask, Caller, FakeAuthority, Setup, WELL_FORMED_TOKEN, cri_at, patience, scratch,
    until,
};

pub(super) const ALL: &str = "/logs/shop/db-0?history=all";
const UIDS: [&str; 3] = ["uid-1", "uid-2", "uid-3"];

/// A pod that began on one node and was moved to the other and back.
pub(super) struct MovedPod {
    pub(super) cluster: Scene,
    written: usize,
}

impl MovedPod {
    pub(super) async fn start() -> (Self, Caller) {
        Self::of(Scene::start(2, Setup::new()).await).await
    }

    async fn of(cluster: Scene) -> (Self, Caller) {
        let admin = cluster.front.admin().await;
        let mut moved = Self { cluster, written: 0 };
        for incarnation in 0..UIDS.len() {
            moved.write(incarnation);
            moved.write(incarnation);
        }
        moved.wait_for_incarnations(&admin, UIDS.len()).await;
        (moved, admin)
    }

    /// Writes the next line, on the node of this incarnation.
    fn write(&mut self, incarnation: usize) {
        self.write_on(incarnation % 2, UIDS[incarnation]);
    }

    fn write_on(&mut self, node: usize, uid: &str) {
        let line = cri_at(self.written, "stdout", &format!("line {}", self.written));
        let pod = self.cluster.nodes[node].logs.incarnation("shop", "db-0", uid);
        pod.container("app").append("0.log", line);
        self.written += 1;
    }

    /// Waits until the front lists so many incarnations.
    pub(super) async fn wait_for_incarnations(&self, caller: &Caller, count: usize) {
        until("the front lists all incarnations", patience(), async || {
            let list = caller.pods().await.json();
            let pods = list["pods"].as_array()?;
            let pod = pods.iter().find(|pod| pod["pod"] == "db-0")?;
            (pod["incarnations"].as_array()?.len() == count).then_some(())
        })
        .await;
    }

    /// Starts another front in the place of the one that is killed. The caller has no connection to
    /// it yet.
    async fn start_front_again(&mut self, incarnations: usize) -> Caller {
        self.cluster.front.gateway.kill();
        self.cluster.front.start_gateway_again();
        let admin = self.cluster.front.admin().await;
        self.wait_for_incarnations(&admin, incarnations).await;
        admin
    }

    pub(super) fn lines(&self) -> Vec<String> {
        (0..self.written).map(|line| format!("line {line}")).collect()
    }
}

pub(super) fn last_cursor(records: &[Value]) -> &str {
    let mut checkpoints = records.iter().filter(|record| record["message"].is_null());
    let last = checkpoints.rfind(|record| record["cursor"].is_string()).unwrap();
    last["cursor"].as_str().unwrap()
}

#[tokio::test]
async fn every_form_has_the_lines_of_all_nodes() {
    let (moved, admin) = MovedPod::start().await;
    let ask = async |path: &str, accept: &str| {
        admin.gateway(Method::GET, path).header("accept", accept).ask().await
    };
    let all = moved.lines();
    assert_eq!(ask(ALL, "text/plain").await.text(), format!("{}\n", all.join("\n")));
    let document = ask(ALL, "application/json").await.json();
    assert_eq!((&document["pod_name"], &document["container"]), (&json!("db-0"), &json!("app")));
    assert_eq!(document["logs"], format!("{}\n", all.join("\n")));
    let objects = records(&admin, ALL).await;
    assert_eq!(messages(&objects), all);
    assert_eq!(objects.last().unwrap(), &json!({"end": {"reason": "complete"}}));
    let opened = objects.iter().filter(|record| record["pod"]["event"] == "opened");
    let uids: Vec<_> = opened.map(|record| record["pod"]["uid"].as_str().unwrap()).collect();
    assert_eq!(uids.len(), UIDS.len(), "{uids:?}");
    let events = ask(ALL, EVENTS).await;
    assert_eq!(events.text().matches("\"message\"").count(), all.len());

    let chosen = format!("{ALL}&tail=3&container=app");
    assert_eq!(ask(&chosen, "text/plain").await.text(), "line 3\nline 4\nline 5\n");
    let chosen = format!("{ALL}&grep=line%20%5B1-4%5D&limitLines=3&timestamps=true");
    let stamped = ask(&chosen, "text/plain").await;
    let stamped: Vec<_> =
        stamped.text().lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(stamped.iter().map(|(_, line)| *line).collect::<Vec<_>>(), &all[1..4]);
    assert_eq!(stamped[0].0, "2026-11-01T10:00:01.000000000Z");
    let limited = records(&admin, &format!("{ALL}&limitLines=2")).await;
    assert_eq!(limited.last().unwrap(), &json!({"end": {"reason": "limit"}}));
    let volume = ask(&format!("{ALL}&volume=1h&sinceTime=2026-11-01T00:00:00Z"), NDJSON).await;
    let counts = volume.log_records();
    let counts = counts.iter().filter_map(|record| record["volume"]["lines"].as_u64());
    assert_eq!(counts.sum::<u64>(), 6);
    assert_eq!(admin.gateway(Method::HEAD, ALL).ask().await.status, 200);

    // Of one incarnation, and of the last one, its node answers.
    let one = format!("{ALL}&uid={}", UIDS[1]);
    assert_eq!(ask(&one, "text/plain").await.text(), "line 2\nline 3\n");
    assert_eq!(admin.text("shop/db-0").await.text(), "line 4\nline 5\n");
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused() {
    let (moved, admin) = MovedPod::start().await;
    let refused = |query: &str| admin.text_request(&format!("shop/db-0?history=all&{query}"));
    // Behind a line of the last incarnation, lines of the others may still be written.
    for uid in [UIDS[1], UIDS[2]] {
        let of_one = records(&admin, &format!("{ALL}&uid={uid}")).await;
        let line = of_one.iter().find(|record| record["message"].is_string()).unwrap();
        let cursor = line["cursor"].as_str().unwrap();
        for query in ["before=CURSOR&tail=9", "upto=CURSOR", "after=CURSOR", "context=1&grep=line"]
        {
            let answer = refused(&query.replace("CURSOR", cursor)).ask().await;
            answer.check_problem_is(422, "history_unavailable");
        }
        // Of one incarnation, its node goes on.
        let rest = admin.text_request(&format!("shop/db-0?after={cursor}")).ask().await;
        assert_eq!(rest.text().lines().count(), 1);
    }
    let checkpoint = last_cursor(&records(&admin, ALL).await).to_owned();
    for (query, status, code) in [
        (format!("history=all&container=other&after={checkpoint}"), 400, "bad_cursor"),
        (format!("history=all&container=*&after={checkpoint}"), 400, "bad_cursor"),
        (format!("after={checkpoint}"), 400, "bad_cursor"),
    ] {
        let answer = admin.text_request(&format!("shop/db-0?{query}")).ask().await;
        answer.check_problem_is(status, code);
    }
    refused("container=other").ask().await.check_problem_is(404, "container_not_found");
    moved.cluster.nodes[0]
        .logs
        .incarnation("shop", "db-0", UIDS[2])
        .container("side")
        .write("0.log", cri_at(9, "stdout", "beside"));
    until("the front lists both containers", patience(), async || {
        let answer = refused("").ask().await;
        (answer.status == 400).then(|| answer.check_problem_is(400, "container_required"))
    })
    .await;
    let ada = moved.cluster.front.user("ada", &["logs:read:bank/*"]).await;
    ada.gateway(Method::GET, ALL).ask().await.check_problem_is(403, "permission_denied");
}

#[tokio::test]
async fn a_reading_goes_on_at_any_checkpoint_also_behind_another_front() {
    let (mut moved, admin) = MovedPod::start().await;
    let mut page = records(&admin, &format!("{ALL}&limitLines=2")).await;
    let mut all: Vec<_> = messages(&page).into_iter().map(str::to_owned).collect();
    let admin = moved.start_front_again(UIDS.len()).await;
    while !messages(&page).is_empty() {
        let path = format!("{ALL}&limitLines=1&tail=1&after={}", last_cursor(&page));
        page = records(&admin, &path).await;
        all.extend(messages(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(all, moved.lines());
    // What is written later comes as well, in each of the incarnations.
    moved.write(1);
    moved.write(2);
    let request = admin.gateway(Method::GET, ALL).header("accept", NDJSON);
    let rest = request.header("last-event-id", last_cursor(&page)).ask().await.log_records();
    assert_eq!(messages(&rest), &moved.lines()[6..]);
}

#[tokio::test]
async fn a_follow_goes_on_with_the_newest_incarnation_on_whichever_node() {
    let (mut moved, admin) = MovedPod::start().await;
    let follow = format!("{ALL}&follow=true");
    let mut stream =
        RecordStream::of(admin.gateway(Method::GET, &format!("{follow}&tail=1"))).await;
    let line = async |stream: &mut RecordStream| {
        let line = stream.record(|record| record["message"].is_string()).await;
        line["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(line(&mut stream).await, "line 5");
    moved.write(2);
    assert_eq!(line(&mut stream).await, "line 6");
    // It is moved once more.
    moved.write_on(1, "uid-4");
    assert_eq!(line(&mut stream).await, "line 7");
    let checkpoint = stream
        .record(|record| record["cursor"].is_string() && record["message"].is_null())
        .await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    drop(stream);
    let admin = moved.start_front_again(UIDS.len() + 1).await;
    moved.write_on(1, "uid-4");
    let request = admin.gateway(Method::GET, &follow).header("last-event-id", checkpoint);
    let mut stream = RecordStream::of(request).await;
    assert_eq!(line(&mut stream).await, "line 8");
}

#[tokio::test]
async fn a_node_that_cannot_be_read_is_named() {
    let (mut moved, admin) = MovedPod::start().await;
    moved.cluster.nodes[1].service.kill();
    until("the front misses the node", patience(), async || {
        (admin.pods().await.json()["missing"] == json!(["node-3"])).then_some(())
    })
    .await;
    let all = records(&admin, ALL).await;
    assert_eq!(messages(&all), ["line 0", "line 1", "line 4", "line 5"]);
    assert_eq!(all.last().unwrap()["end"]["missing"], json!(["node-3"]));
    let text = admin.gateway(Method::GET, ALL).header("accept", "text/plain").send().await.unwrap();
    assert!(text.headers()["warning"].to_str().unwrap().contains("node-3"));
    text.bytes().await.unwrap_err();
    // Whether it has incarnations of other pods is not known.
    moved.cluster.nodes[0].logs.write("shop", "web", cri_at(0, "stdout", "one"));
    moved.cluster.wait_for_pod(&admin, "web").await;
    for (query, expected) in [("history=all", true), ("history=rotated", false)] {
        let path = format!("/logs/shop/web?{query}");
        let answer = admin.gateway(Method::GET, &path).header("accept", "text/plain").ask().await;
        assert_eq!(answer.text(), "one\n");
        assert_eq!(answer.warning().is_some_and(|text| text.contains("node-3")), expected);
    }
    // Its lines come when it is back, and no others.
    moved.cluster.nodes[1].start_again();
    until("the front has the node again", patience(), async || {
        admin.pods().await.json()["missing"].is_null().then_some(())
    })
    .await;
    let rest = records(&admin, &format!("{ALL}&after={}", last_cursor(&all))).await;
    assert_eq!(messages(&rest), ["line 2", "line 3"]);
}

#[tokio::test]
async fn a_permission_that_is_withdrawn_ends_a_follow() {
    let permitted = |permission: &str| {
        ActiveAnswer::of(permission).with("permissions", json!([permission])).reply()
    };
    let authority = FakeAuthority::start(permitted("logs:read")).await;
    let setup = Setup::new()
        .gateway("GATEWAY_SSO_URL", &authority.url())
        .gateway("GATEWAY_REVALIDATE", "100ms");
    let cluster = Scene::start(2, setup).await;
    let (moved, _) = MovedPod::of(cluster).await;
    let caller = moved.cluster.front.anonymous().with_token(WELL_FORMED_TOKEN);
    let request = caller.gateway(Method::GET, &format!("{ALL}&follow=true"));
    let mut stream = RecordStream::of(request).await;
    stream.record(|record| record["message"] == "line 5").await;
    authority.answer(permitted("logs:read:bank/*"));
    let end = stream.record(|record| record["end"].is_object()).await;
    assert_eq!(end["end"]["reason"], "forbidden");
}

#[tokio::test]
async fn the_front_records_a_read_of_all_containers_as_such() {
    let audit = scratch();
    let file = audit.path().join("audit");
    let setup = Setup::new().gateway("GATEWAY_AUDIT_FILE", file.to_str().unwrap());
    let (_moved, admin) = MovedPod::of(Scene::start(2, setup).await).await;
    for (query, container) in [("&container=*", "*"), ("", "app")] {
        let request = admin.gateway(Method::GET, &format!("{ALL}{query}"));
        let request = request.header("accept", "application/json");
        let document = request.header("x-request-id", format!("r-{container}")).ask().await.json();
        assert_eq!(document["container"], container);
        let read = until("a record", patience(), async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut records =
                text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            records.find(|record| record["request_id"] == format!("r-{container}"))
        })
        .await;
        let told = ["audit", "namespace", "pod", "container", "node", "uid", "pods"];
        let expected = [
            json!("read"),
            json!("shop"),
            json!("db-0"),
            json!(container),
            json!(null),
            json!(null),
            json!(null),
        ];
        assert_eq!(told.map(|name| read[name].clone()), expected);
    }
}
