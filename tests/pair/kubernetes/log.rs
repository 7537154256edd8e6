//! `GET …/pods/{pod}/log` over HTTP.

use reqwest::{Method, Response};
use tokio::time::timeout;

use super::client::{Answer, NS, get, start};
use crate::harness::{Caller, Setup, cri, patience};

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
async fn text_plain_alone_is_not_accepted_for_a_log() {
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

/// `follow=true`, and its first lines.
async fn follow(caller: &Caller, first: &str) -> Response {
    let request = caller.gateway(Method::GET, &format!("{NS}/team-a/pods/web/log?follow=true"));
    let mut response = timeout(patience(), request.send()).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.chunk().await.unwrap().unwrap(), first);
    response
}

#[tokio::test]
async fn a_followed_log_ends_with_its_container_and_is_cut_off_by_a_log_out() {
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
