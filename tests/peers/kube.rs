//! kube, the client library for Rust.

use futures_util::{AsyncBufReadExt, Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{ListParams, LogParams, WatchEvent, WatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::time::timeout;

use crate::{
    Case, cases,
    harness::{Caller, cri, patience},
    peer::Installed,
    stage::{OwnNamespace, Stage, WEB, kubeconfig, remove, restart},
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [
        pods_and_namespaces_are_listed,
        pods_are_watched,
        a_log_is_read,
        a_log_is_followed,
        a_refusal_is_understood,
    ],
};

/// The client of a user.
async fn client(stage: &Stage, caller: &Caller) -> Client {
    let kubeconfig = kubeconfig(stage.pair(), caller, "team-a");
    let kubeconfig = Kubeconfig::from_yaml(&kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

/// The next item of a stream that must not end.
async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> T {
    timeout(patience(), stream.next()).await.unwrap().unwrap()
}

fn pods_and_namespaces_are_listed(stage: &Stage, _: &Installed) {
    let alice = stage.alice();
    stage.block_on(async {
        let client = client(stage, alice).await;
        let namespaces = Api::<Namespace>::all(client.clone());
        let namespaces = namespaces.list(&ListParams::default()).await.unwrap();
        assert_eq!(namespaces.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["team-a"]);
        let pods = Api::<Pod>::default_namespaced(client);
        let selected = ListParams::default().fields("metadata.name=crashy");
        let pods = pods.list(&selected).await.unwrap().items;
        assert_eq!(pods.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["crashy"]);
        let status = pods[0].status.as_ref().unwrap();
        assert_eq!(status.container_statuses.as_ref().unwrap()[0].restart_count, 1);
    });
}

/// The type of an event, and the name of its object.
fn word(event: WatchEvent<Pod>) -> (&'static str, String) {
    match event {
        WatchEvent::Added(pod) => ("ADDED", pod.name_any()),
        WatchEvent::Modified(pod) => ("MODIFIED", pod.name_any()),
        WatchEvent::Deleted(pod) => ("DELETED", pod.name_any()),
        event => panic!("{event:?}"),
    }
}

fn pods_are_watched(stage: &Stage, _: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "web", cri(&["one"]));
    stage.block_on(async {
        let pods = Api::<Pod>::namespaced(client(stage, &reader).await, &name);
        let events = pods.watch(&WatchParams::default(), "0").await.unwrap();
        let mut events = std::pin::pin!(events.map_ok(word));
        let web = |word| (word, "web".to_owned());
        assert_eq!(next(&mut events).await.unwrap(), web("ADDED"));
        restart(stage.pair(), &name, "web");
        assert_eq!(next(&mut events).await.unwrap(), web("MODIFIED"));
        remove(stage.pair(), &name, "web");
        assert_eq!(next(&mut events).await.unwrap(), web("DELETED"));
    });
}

fn a_log_is_read(stage: &Stage, _: &Installed) {
    let alice = stage.alice();
    stage.block_on(async {
        let pods = Api::<Pod>::default_namespaced(client(stage, alice).await);
        assert_eq!(pods.logs("web", &LogParams::default()).await.unwrap(), WEB);
        let last = LogParams { tail_lines: Some(1), timestamps: true, ..LogParams::default() };
        let last = pods.logs("web", &last).await.unwrap();
        assert_eq!(last, "2026-11-01T10:00:02.000000000Z three\n");
    });
}

fn a_log_is_followed(stage: &Stage, _: &Installed) {
    let (OwnNamespace { name, reader }, logs) = (stage.own(), &stage.pair().logs);
    logs.write(&name, "web", cri(&["one"]));
    let container = logs.pod(&name, "web").container("app");
    stage.block_on(async {
        let pods = Api::<Pod>::namespaced(client(stage, &reader).await, &name);
        let follow = LogParams { follow: true, ..LogParams::default() };
        let log = pods.log_stream("web", &follow).await.unwrap();
        let mut lines = std::pin::pin!(log.lines());
        assert_eq!(next(&mut lines).await.unwrap(), "one");
        container.append("0.log", cri(&["two"]));
        assert_eq!(next(&mut lines).await.unwrap(), "two");
        restart(stage.pair(), &name, "web");
        assert!(timeout(patience(), lines.next()).await.unwrap().is_none());
    });
}

fn a_refusal_is_understood(stage: &Stage, _: &Installed) {
    let alice = stage.alice();
    stage.block_on(async {
        let pods = Api::<Pod>::default_namespaced(client(stage, alice).await);
        assert_eq!(pods.get_opt("nope").await.unwrap(), None);
        let refused = pods.logs("nope", &LogParams::default()).await.unwrap_err();
        assert!(refused.to_string().contains(r#"pods "nope" not found"#), "{refused}");
    });
}
