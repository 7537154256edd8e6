//! Containers that join a follow of one pod, while the watch of the pods lags behind.

use chrono::{DateTime, Utc};

use super::many_reading::{ManyReading, ManyScene, follow};
use crate::{ContainerChoice, LogQuery, PodRef, source::log_input::NewLogs};

#[tokio::test]
async fn the_end_of_an_earlier_incarnation_ends_no_joins() {
    let scene = ManyScene::with(&["a"]).await;
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "a".parse().unwrap() };
    let query = LogQuery { container: ContainerChoice::All, is_of_many: false, ..follow() };
    // The reader opens the next incarnation; the watch knows the one before.
    let watched = scene.watched();
    let located = scene.server.source.open_watched(&pod, &query, None, &watched).await.unwrap();
    let Some(NewLogs::PodContainers(mut containers)) = located.new_containers else {
        panic!("nothing can join");
    };
    containers.uid = "uid-of-next-a".parse().unwrap();
    containers.known.clear();
    scene.server.remove_pod("a");
    scene.until_gone("a").await;
    assert_eq!(containers.take().map(|logs| logs.len()), Some(0));
    // The next one comes, and a container in it.
    scene.server.add_pod("a", "uid-of-next-a");
    scene.until_told("a").await;
    assert_eq!(containers.take().map(|logs| logs.len()), Some(1));
    scene.server.remove_pod("a");
    scene.until_gone("a").await;
    assert!(containers.take().is_none());
}

fn time() -> DateTime<Utc> {
    "2026-11-01T10:00:01Z".parse().unwrap()
}

/// A follow of a pod by a user who may not list pods any more.
async fn refused() -> (ManyScene, ManyReading) {
    let scene = ManyScene::of_user(&["a"]).await;
    let mut reading = scene.follow_pod("a").await;
    scene.server.write_to("a", time(), "one");
    reading.read_lines(1).await;
    scene.server.fail_lists_with(Some(403));
    scene.until_gone("a").await;
    // What is open goes on.
    scene.server.write_to("a", time(), "two");
    reading.read_lines(2).await;
    (scene, reading)
}

#[tokio::test]
async fn containers_join_again_when_a_user_may_list_pods_again() {
    let (scene, mut reading) = refused().await;
    scene.server.fail_lists_with(None);
    scene.server.debug("a", time(), "beside");
    reading.read_lines(3).await;
    assert_eq!(reading.lines(), ["one", "two", "beside"]);
}

#[tokio::test]
async fn a_follow_ends_with_its_pod_while_a_user_may_not_list_pods() {
    let (scene, mut reading) = refused().await;
    scene.server.remove_pod("a");
    reading.read_all().await;
    assert_eq!(reading.lines(), ["one", "two"]);
}

#[tokio::test]
async fn a_follow_ends_with_a_pod_that_went_while_a_user_might_not_list_pods() {
    let (scene, mut reading) = refused().await;
    scene.server.remove_pod("a");
    scene.server.fail_lists_with(None);
    scene.server.add_pod("b", "uid-b");
    scene.until_told("b").await;
    reading.read_all().await;
    assert_eq!(reading.lines(), ["one", "two"]);
}
