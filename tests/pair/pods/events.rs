//! The pods as server-sent events.

use std::fs;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{
    ActiveAnswer, Ask, Caller, FakeAuthority, Pair, Setup, WELL_FORMED_TOKEN, cri, patience,
};

const EVENTS: &str = "text/event-stream";

/// A stream of events.
struct PodEvents {
    response: Response,
    read: String,
}

impl PodEvents {
    async fn of(caller: &Caller, query: &str) -> Self {
        let request = caller.gateway(Method::GET, &format!("/pods?{query}"));
        let response = request.header("accept", EVENTS).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], EVENTS);
        Self { response, read: String::new() }
    }

    /// The name and data of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                let Some(event) = block.strip_prefix("event: ") else { continue };
                let (name, data) = event.split_once("\ndata: ").unwrap();
                return Some((name.to_owned(), serde_json::from_str(data).unwrap()));
            }
            let chunk = timeout(patience() * 2, self.response.chunk()).await.unwrap().unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Checks what comes next: `added shop/web`, `synced`, `heartbeat`. Gives the data.
    async fn expect(&mut self, expected: &str) -> Value {
        let (name, data) = self.next().await.unwrap();
        let text = |member: &str| data[member].as_str().unwrap();
        let seen = match &*name {
            "pod" => format!("{} {}/{}", text("event"), text("namespace"), text("pod")),
            _ => name,
        };
        assert_eq!(seen, expected);
        data
    }
}

#[tokio::test]
async fn pods_come_change_and_go() {
    let pair = Pair::start();
    pair.logs.write("shop", "web", cri(&["one"]));
    pair.logs.write("bank", "vault", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    let mut events = PodEvents::of(&alice, "pod=web*").await;
    let added = events.expect("added shop/web").await;
    let listed = alice.pods().await.json()["pods"][0].clone();
    let mut without_event = added.clone();
    without_event.as_object_mut().unwrap().remove("event");
    assert_eq!(without_event, listed);
    let synced = events.expect("synced").await;
    assert_eq!(synced["node"], "node-1");
    assert!(synced["started_at"].is_string(), "{synced}");

    appear(&pair, "bank_web_1");
    appear(&pair, "shop_api_1");
    appear(&pair, "shop_web-2_1");
    events.expect("added shop/web-2").await;
    let app = pair.logs.pod("shop", "web").container("app");
    app.write("1.log.tmp", cri(&["again"]));
    fs::rename(app.path().join("1.log.tmp"), app.path().join("1.log")).unwrap();
    let changed = events.expect("changed shop/web").await;
    assert_eq!(changed["containers"][0]["restart"], 1);
    fs::rename(pair.logs.path().join("shop_web-2_1"), pair.beside_logs("gone")).unwrap();
    let removed = events.expect("removed shop/web-2").await;
    assert_eq!(removed["uid"], "1");
}

/// Makes a pod with a log, all at once.
fn appear(pair: &Pair, directory: &str) {
    let made = pair.beside_logs(directory);
    fs::create_dir_all(made.join("app")).unwrap();
    fs::write(made.join("app/0.log"), cri(&["one"])).unwrap();
    fs::rename(&made, pair.logs.path().join(directory)).unwrap();
}

#[tokio::test]
async fn sizes_change_and_heartbeats_come() {
    let pair = Pair::start();
    pair.logs.write("shop", "web", cri(&["one"]));
    let mut events = PodEvents::of(&pair.admin().await, "heartbeat=1s").await;
    let added = events.expect("added shop/web").await;
    events.expect("synced").await;
    events.expect("heartbeat").await;
    let line = cri(&["two"]);
    pair.logs.pod("shop", "web").container("app").append("0.log", &line);
    let mut heartbeats = 0;
    let changed = loop {
        let (name, data) = events.next().await.unwrap();
        match &*name {
            "heartbeat" => heartbeats += 1,
            _ => break data,
        }
    };
    let size = |pod: &Value| pod["containers"][0]["size"].as_u64().unwrap();
    assert_eq!(
        (&changed["event"], size(&changed)),
        (&json!("changed"), size(&added) + line.len() as u64)
    );
    assert!((1..=15).contains(&heartbeats), "{heartbeats}");
}

#[tokio::test]
async fn a_stream_shows_what_may_be_read_now_and_ends_with_the_last_permission() {
    let permitted = |permission: &str| ActiveAnswer::of(permission).reply();
    let authority = FakeAuthority::start(permitted("logs:read:shop/*")).await;
    let setup = Setup::new().gateway("GATEWAY_SSO_URL", &authority.url());
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    pair.logs.write("shop", "web", cri(&["one"]));
    pair.logs.write("bank", "vault", cri(&["one"]));
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let mut events = PodEvents::of(&caller, "").await;
    events.expect("added shop/web").await;
    events.expect("synced").await;
    authority.answer(permitted("logs:read:bank/*"));
    events.expect("added bank/vault").await;
    events.expect("removed shop/web").await;
    authority.answer(permitted("deploy:write"));
    let (_, auth) = events.next().await.unwrap();
    assert_eq!((&auth["state"], &auth["reason"]), (&json!("ended"), &json!("forbidden")));
    assert_eq!(events.expect("end").await, json!({"reason": "forbidden"}));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_of_pods_counts_and_ends_with_its_token() {
    let setup = Setup::new().gateway("GATEWAY_MAX_STREAMS_PER_USER", "1");
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    let mut events = PodEvents::of(&alice, "").await;
    events.expect("synced").await;
    let second = alice.gateway(Method::GET, "/pods").header("accept", EVENTS).ask().await;
    second.check_problem_is(429, "too_many_streams");
    assert_eq!(alice.pods().await.status, 200, "a list is no stream");
    assert_eq!(alice.log_out().await.status, 204);
    let (name, auth) = events.next().await.unwrap();
    assert_eq!((&*name, &auth["reason"]), ("auth", &json!("revoked")));
    events.expect("end").await;
    let refused = pair.user("bob", &["deploy:read"]).await;
    let refused = refused.gateway(Method::GET, "/pods").header("accept", EVENTS).ask().await;
    refused.check_problem_is(403, "permission_denied");
}
