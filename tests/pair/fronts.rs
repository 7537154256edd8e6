//! A gateway on a node, to which a front forwards requests over mutual TLS.

use std::{fs, path::PathBuf};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ask, Pair, PrivateCa, Setup, cri, patience, run_gateway, scratch, until};

const ID: &str = "5f0c2d1e-0000-4000-8000-000000000009";

/// A node gateway that trusts the fronts of an authority of their own.
struct Node {
    pair: Pair,
    fronts: PrivateCa,
    audit: PathBuf,
    _directory: TempDir,
}

impl Node {
    fn start(setup: Setup) -> Self {
        let (fronts, directory) = (PrivateCa::new(), scratch());
        let audit = directory.path().join("audit");
        let setup = setup
            .over_tls(PrivateCa::new())
            .gateway("GATEWAY_FRONT_CA", &fronts.file())
            .gateway("GATEWAY_AUDIT_FILE", audit.to_str().unwrap());
        let pair = setup.start();
        pair.logs.write("shop", "web", cri(&["one", "two"]));
        Self { pair, fronts, audit, _directory: directory }
    }

    /// A client with a certificate for this name, of the authority of fronts.
    fn client_named(&self, common_name: &str) -> Client {
        self.client_of(&self.fronts, common_name)
    }

    fn client_of(&self, authority: &PrivateCa, common_name: &str) -> Client {
        let files = authority.files("client");
        authority.issue_to_client(common_name, &files);
        self.pair.ca().client_showing(&files)
    }

    fn get(&self, client: &Client, path: &str) -> RequestBuilder {
        client.get(format!("https://{}{path}", self.pair.gateway.listening()))
    }
}

#[tokio::test]
async fn a_front_reads_for_a_user_without_a_token() {
    let mut node = Node::start(Setup::new());
    let front = node.client_named("logs-gateway-front");
    // The node asks no authority about what a front forwards.
    node.pair.sso.stop();
    for (path, accept) in
        [("/logs/shop/web", "text/plain"), ("/api/v1/namespaces/shop/pods/web/log", "*/*")]
    {
        let request = node.get(&front, path).header("accept", accept);
        let request = request
            .header("x-remote-user", "ada")
            .header("x-remote-uid", ID)
            .header("x-remote-session", ID)
            .header("x-request-id", "r-1")
            .header("x-forwarded-for", "203.0.113.9");
        let answer = request.ask().await;
        assert_eq!((answer.status, answer.text()), (200, "one\ntwo\n"));
        assert_eq!(answer.request_id(), "r-1");
    }
    let reads = until("two records", patience(), async || {
        let text = fs::read_to_string(&node.audit).unwrap_or_default();
        let lines: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Some(lines).filter(|lines| lines.len() == 2)
    })
    .await;
    for read in reads {
        let told = ["user", "user_id", "session_id", "request_id", "ip"].map(|name| &read[name]);
        assert_eq!(
            told,
            [&json!("ada"), &json!(ID), &json!(ID), &json!("r-1"), &json!("203.0.113.9")]
        );
    }
}

#[tokio::test]
async fn only_a_front_speaks_for_users() {
    let node = Node::start(Setup::new());
    let stranger = PrivateCa::new();
    let anonymous = node.pair.ca().client(&[b"http/1.1"]);
    for (name, client) in [
        ("no certificate", anonymous),
        ("another name", node.client_named("logs-gateway-fronts")),
        ("kubelet", node.client_named("kubelet")),
    ] {
        for path in ["/logs/shop/web", "/pods", "/whoami", "/api/v1/namespaces/shop/pods/web/log"] {
            let request = node.get(&client, path).header("x-remote-user", "root");
            assert_eq!(request.send().await.unwrap().status(), 401, "{name}: {path}");
        }
    }
    let client = node.client_of(&stranger, "logs-gateway-front");
    node.get(&client, "/logs/shop/web").header("x-remote-user", "root").send().await.unwrap_err();
}

#[tokio::test]
async fn a_front_without_a_user_is_a_client_like_any_other() {
    let node = Node::start(Setup::new());
    let front = node.client_named("logs-gateway-front");
    node.get(&front, "/logs/shop/web").ask().await.check_problem_is(401, "not_authenticated");
    let admin = node.pair.admin().await;
    let request = node.get(&front, "/logs/shop/web").bearer_auth(admin.token());
    assert_eq!(request.ask().await.status, 200);
    for (name, value) in [("x-remote-user", ""), ("x-remote-uid", "7"), ("x-remote-session", "s")] {
        let request = node.get(&front, "/logs/shop/web").header("x-remote-user", "ada");
        request.header(name, value).ask().await.check_problem_is(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_node_counts_and_ends_no_stream_of_a_front() {
    let setup = Setup::new()
        .gateway("GATEWAY_MAX_STREAMS_PER_USER", "1")
        .gateway("GATEWAY_REVALIDATE", "100ms")
        .gateway("GATEWAY_STALE_MAX", "100ms");
    let mut node = Node::start(setup);
    let front = node.client_named("logs-gateway-front");
    let admin = node.pair.admin().await;
    let request = admin.gateway(Method::GET, "/logs/shop/web?follow=true");
    let with_token = request.send().await.unwrap();
    node.pair.sso.stop();
    let mut open = Vec::new();
    for _ in 0..3 {
        let request = node.get(&front, "/logs/shop/web?follow=true");
        let mut response = request.header("x-remote-user", "ada").send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        open.push(response);
    }
    // The stream with a token ends meanwhile.
    assert!(with_token.bytes().await.is_err());
    node.pair.logs.pod("shop", "web").container("app").append("0.log", cri(&["three"]));
    for response in &mut open {
        let mut seen = String::new();
        while !seen.contains("three") {
            seen += str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
        }
    }
}

#[tokio::test]
async fn pods_name_their_node() {
    let node = Node::start(Setup::new());
    let admin = node.pair.admin().await;
    let list = admin.gateway(Method::GET, "/pods").ask().await.json();
    assert_eq!(list["pods"][0]["node"], "node-1");
    let pods = |query: &str| admin.gateway(Method::GET, &format!("/api/v1/pods{query}")).ask();
    let list = pods("?fieldSelector=spec.nodeName%3Dnode-1").await.json();
    assert_eq!(list["items"][0]["spec"]["nodeName"], "node-1");
    let list = pods("?fieldSelector=spec.nodeName%3Dnode-2").await.json();
    assert_eq!(list["items"], json!([]));
}

#[test]
fn settings_of_a_node_are_checked() {
    let fronts = PrivateCa::new();
    let file = fronts.file();
    let own = fronts.files("own");
    fronts.issue_into(&own);
    let (certificate, key) = own.paths();
    let tls = [("GATEWAY_TLS_CERT", certificate), ("GATEWAY_TLS_KEY", key)];
    let directory = scratch();
    let logs = ("GATEWAY_LOGS_DIR", directory.path().to_str().unwrap());
    let check = |variables: &[(&str, &str)]| {
        let mut all = vec![logs];
        all.extend_from_slice(variables);
        run_gateway(&["check-config"], &all)
    };
    let front = ("GATEWAY_FRONT_CA", &*file);
    assert_eq!(check(&[tls[0], tls[1], front, ("GATEWAY_FRONT_NAMES", "a, b")]).code, 0);
    for (variables, fault) in [
        (&[front][..], "GATEWAY_FRONT_CA: needs GATEWAY_TLS_CERT"),
        (&[tls[0], tls[1], ("GATEWAY_FRONT_CA", "/nowhere")], "GATEWAY_FRONT_CA: cannot read"),
        (&[tls[0], tls[1], ("GATEWAY_FRONT_CA", key)], "GATEWAY_FRONT_CA: "),
        (&[tls[0], tls[1], front, ("GATEWAY_FRONT_NAMES", "a,,b")], "GATEWAY_FRONT_NAMES: entry 2"),
        (&[("GATEWAY_NODE_NAME", "a b")], "GATEWAY_NODE_NAME: must be"),
    ] {
        let ended = check(variables);
        assert_eq!(ended.code, 64, "{ended:?}");
        assert!(ended.stderr.starts_with(fault), "{ended:?}");
    }
    let unused = check(&[("GATEWAY_FRONT_NAMES", "a")]);
    assert_eq!(unused.code, 0, "{unused:?}");
    assert!(unused.stderr.contains("GATEWAY_FRONT_NAMES: has no effect"), "{unused:?}");
}
