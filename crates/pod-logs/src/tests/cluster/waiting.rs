//! A follow of a container that was not started yet.

use chrono::{DateTime, Utc};

use super::{
    fake_server::FakeServer,
    reading::{ClusterReading, pod, query},
};
use crate::{LocateError, LogEnd, LogQuery};

fn follow() -> LogQuery {
    LogQuery { follow: true, ..query() }
}

#[tokio::test]
async fn a_follow_waits_for_the_first_run_and_tells_why() {
    let server = FakeServer::start().await;
    server.wait_for(Some("ContainerCreating"));
    let mut reading = ClusterReading::open(&server, &follow()).await.unwrap();
    reading.read_until_event("waiting").await;
    server.wait_for(Some("ImagePullBackOff"));
    reading.read_until_event("waiting").await;
    server.wait_for(None);
    let begin = DateTime::<Utc>::from_timestamp(1_793_527_200, 0).unwrap();
    server.write(begin, "one");
    reading.read_lines(1).await;
    server.end();
    reading.read_all().await;
    let told: Vec<_> = (reading.records.iter())
        .map(|record| &record["pod"])
        .filter_map(|pod| Some((pod["event"].as_str()?, pod["reason"].as_str())))
        .collect();
    let expected = [
        ("waiting", Some("ContainerCreating")),
        ("waiting", Some("ImagePullBackOff")),
        ("opened", None),
        ("ended", None),
    ];
    assert_eq!(told, expected);
    assert_eq!((reading.lines(), reading.end), (vec![Some("one")], Some(LogEnd::ContainerExit)));
}

#[tokio::test]
async fn a_pod_that_goes_ends_the_wait() {
    let server = FakeServer::start().await;
    server.wait_for(Some("ContainerCreating"));
    let mut reading = ClusterReading::open(&server, &follow()).await.unwrap();
    reading.read_until_event("waiting").await;
    server.remove();
    reading.read_all().await;
    assert_eq!(reading.records.last().unwrap()["pod"]["event"], "gone");
}

#[tokio::test]
async fn without_a_follow_there_is_no_log_yet() {
    let server = FakeServer::start().await;
    server.wait_for(Some("ContainerCreating"));
    let refused = ClusterReading::open(&server, &query()).await;
    assert!(matches!(refused, Err(LocateError::Refused(_))));
    for (query, is_there) in [(query(), false), (follow(), true)] {
        let found = server.source.find(&pod(), &query, None).await.unwrap();
        assert_eq!(found.check(&query).is_ok(), is_there, "{query:?}");
    }
}
