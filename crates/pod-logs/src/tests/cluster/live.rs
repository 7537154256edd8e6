//! When a follow has caught up with a log that its container writes to all the time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::{
    fake_server::FakeServer,
    many_reading::{ManyScene, follow},
    reading::{ClusterReading, query},
};
use crate::LogQuery;

/// When the API server answers, by its own clock.
fn answered_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200, 0).unwrap()
}

/// Writes lines as old as this, without a pause that could be the end of what is there.
async fn write_on(server: &FakeServer, pods: &[&str], age: TimeDelta) {
    loop {
        for pod in pods {
            server.write_to(pod, answered_at() - age, "line");
        }
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_log_is_live_once_its_lines_are_newer_than_the_request() {
    let server = FakeServer::start().await;
    let follow = LogQuery { follow: true, ..query() };
    let mut reading = ClusterReading::open(&server, &follow).await.unwrap();
    tokio::select! {
        () = write_on(&server, &["web"], TimeDelta::seconds(1)) => {}
        () = reading.read_lines(20) => {}
    }
    tokio::select! {
        () = write_on(&server, &["web"], TimeDelta::zero()) => {}
        () = reading.read_until(|record| record["live"] == true) => {}
    }
}

#[tokio::test]
async fn logs_that_are_merged_are_live_as_well() {
    let scene = ManyScene::with(&["a", "b"]).await;
    let mut reading = scene.read(&follow(), None).await;
    tokio::select! {
        () = write_on(&scene.server, &["a", "b"], TimeDelta::zero()) => {}
        () = reading.until("live", |reading| {
            reading.records.iter().any(|record| record["live"] == true)
        }) => {}
    }
}
