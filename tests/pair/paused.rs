//! Readers that pause: their log ends with their permission all the same.

use reqwest::{Method, Response};
use tokio::time::timeout;

use crate::harness::{Caller, Pair, Setup, patience, until};

/// More than fits between the gateway and a paused reader.
const LARGE: u64 = 64 * 1024 * 1024;

/// A paused reader of a large log for each way to read one.
async fn paused(setup: Setup) -> (Pair, Caller, Vec<Response>) {
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    pair.logs.pod("default", "large").container("app").write_large(LARGE);
    let caller = pair.user("alice", &["logs:read:default/*"]).await;
    let api = "/api/v1/namespaces/default/pods/large/log";
    let paths = [
        "/logs/large".to_owned(),
        "/logs/large?follow=true".to_owned(),
        api.to_owned(),
        format!("{api}?follow=true"),
    ];
    let mut responses = Vec::new();
    for path in &paths {
        let request = caller.gateway(Method::GET, path).header("accept", "*/*");
        responses.push(timeout(patience(), request.send()).await.unwrap().unwrap());
    }
    let socket = caller
        .gateway(Method::GET, api)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    responses.push(timeout(patience(), socket.send()).await.unwrap().unwrap());
    let status: Vec<u16> = responses.iter().map(|response| response.status().as_u16()).collect();
    assert_eq!(status, [200, 200, 200, 200, 101]);
    assert_ne!(pair.gateway.process().open_logs(), Vec::<std::path::PathBuf>::new());
    (pair, caller, responses)
}

/// Checks that every file is closed although no client reads, and that a client that reads on gets
/// only a part.
async fn check_all_end(pair: &Pair, responses: Vec<Response>) {
    until("the log is closed", patience(), async || {
        pair.gateway.process().open_logs().is_empty().then_some(())
    })
    .await;
    for mut response in responses.into_iter().filter(|response| response.status() == 200) {
        let rest = async {
            while response.chunk().await?.is_some() {}
            Ok::<_, reqwest::Error>(())
        };
        timeout(patience(), rest).await.unwrap().unwrap_err();
    }
}

#[tokio::test]
async fn a_revoked_token_ends_the_log_of_a_paused_reader() {
    let (pair, caller, responses) = paused(Setup::new()).await;
    assert_eq!(caller.log_out().await.status, 204);
    check_all_end(&pair, responses).await;
}

#[tokio::test]
async fn an_expired_token_ends_the_log_of_a_paused_reader() {
    let (pair, _, responses) = paused(Setup::new().sso("SSO_TOKEN_TTL", "3s")).await;
    check_all_end(&pair, responses).await;
}

#[tokio::test]
async fn a_long_outage_of_the_authority_ends_the_log_of_a_paused_reader() {
    let setup = Setup::new().gateway("GATEWAY_STALE_MAX", "500ms");
    let (mut pair, _, responses) = paused(setup).await;
    pair.sso.kill();
    check_all_end(&pair, responses).await;
}
