//! The audit of reading when the gateway stops and when the file cannot be written.

use std::{fs, os::unix::fs::symlink};

use reqwest::Method;
use serde_json::Value;

use super::{events, scene::Scene};
use crate::{
    harness::{Setup, ask_kubernetes, patience, scratch, until},
    operations::ops,
};

#[tokio::test]
async fn no_record_is_lost_when_the_gateway_stops() {
    let mut scene = Scene::start().await;
    let mut open = Vec::new();
    for accept in ["text/plain", "application/x-ndjson", "text/event-stream"] {
        for _ in 0..5 {
            let request = scene.alice.gateway(Method::GET, "/logs/web?follow=true");
            let mut response = request.header("accept", accept).send().await.unwrap();
            assert!(response.chunk().await.unwrap().is_some());
            open.push(response);
        }
    }
    for _ in 0..20 {
        scene.alice.logs("web").await;
    }
    scene.pair.gateway.stop();
    let reads = scene.events("read");
    let count = |end: &str| reads.iter().filter(|read| read["end"] == end).count();
    assert_eq!((reads.len(), count("complete"), count("shutdown")), (35, 20, 15), "{reads:?}");
}

#[tokio::test]
async fn the_file_may_be_rotated() {
    let scene = Scene::start().await;
    let rotated = scene.file.with_extension("1");
    scene.alice.logs("web").await;
    scene.until_told("read", 1).await;
    fs::rename(&scene.file, &rotated).unwrap();
    scene.alice.logs("web").await;
    scene.until_told("read", 1).await;
    assert_eq!(events(&rotated).len(), 1);
}

/// `/dev/full` fails as a full disk does; a file that has room again is put in its place.
#[tokio::test]
async fn on_a_full_disk_new_reads_are_refused_and_open_ones_are_recorded_later() {
    let directory = scratch();
    let file = directory.path().join("audit");
    symlink("/dev/full", &file).unwrap();
    let scene = Scene::with(Setup::new(), file.clone(), directory).await;
    let open = scene.follow("/logs/web?follow=true").await;
    scene.alice.logs("web").await;
    until("not ready", patience(), async || {
        let (status, text) = ops(&scene.pair.gateway, "/readyz").await;
        (status == 503 && text.contains("the audit of reading cannot be written")).then_some(())
    })
    .await;
    let refused = scene.alice.logs("web").await;
    refused.check_problem_is(503, "audit_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    let log = scene.alice.gateway(Method::GET, "/api/v1/namespaces/default/pods/web/log");
    assert_eq!(ask_kubernetes(log).await.0, 503);
    scene.alice.logs("bank/web").await.check_problem_is(403, "permission_denied");
    drop(open);

    // Its record has to wait, too: there is time for that.
    tokio::task::yield_now().await;
    let regular = file.with_extension("new");
    fs::write(&regular, "").unwrap();
    fs::rename(&regular, &file).unwrap();
    let mut ends = Vec::new();
    for read in scene.until_told("read", 2).await {
        ends.push(read["end"].as_str().unwrap().to_owned());
    }
    assert_eq!(ends, ["complete", "client"]);
    assert_eq!(scene.until_told("read_denied", 1).await.len(), 1);
    until("ready", patience(), async || {
        (ops(&scene.pair.gateway, "/readyz").await.0 == 200).then_some(())
    })
    .await;
    assert_eq!(scene.alice.logs("web").await.status, 200);
}

#[tokio::test]
async fn what_was_never_written_goes_to_standard_error_at_the_end() {
    let directory = scratch();
    let file = directory.path().join("audit");
    symlink("/dev/full", &file).unwrap();
    let mut scene = Scene::with(Setup::new(), file, directory).await;
    let id = scene.alice.logs("web").await.request_id().to_owned();
    let log = scene.pair.gateway.stop_and_read_log();
    let line = log.lines().find(|line| line.starts_with("{\"audit\":\"read\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["request_id"], id.as_str());
}
