//! Containers that join a follow of one pod, while the watch of the pods lags behind.

use super::many_reading::{ManyScene, follow};
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
