//! Streams of pods whose clients are slow, or see other pods after a while.

use std::{fs, path::Path};

use chrono::{DateTime, Utc};
use pod_logs::FilesSource;
use service_runtime::clock::ManualClock;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::pods::PodSource;

/// A node whose pods are looked at whenever a test says so, and now and then.
struct WatchedNode {
    root: TempDir,
    catalog: PodCatalog,
    caller: watch::Sender<Caller>,
}

impl WatchedNode {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let files = Arc::new(FilesSource::open(root.path(), &[]).unwrap());
        let catalog = PodCatalog::new(PodSource::Files(files), Arc::new(ManualClock::at(now())));
        let caller = watch::Sender::new(Caller::holding("logs:read:shop/*"));
        Self { root, catalog, caller }
    }

    fn path(&self, directory: &str) -> std::path::PathBuf {
        Path::join(self.root.path(), directory)
    }

    fn add(&self, directory: &str) {
        fs::create_dir_all(self.path(directory).join("app")).unwrap();
        self.catalog.survey(now()).unwrap();
    }

    fn remove(&self, directory: &str) {
        fs::remove_dir_all(self.path(directory)).unwrap();
        self.catalog.survey(now()).unwrap();
    }

    async fn stream(&self) -> PodStream {
        let (catalog, caller) = (self.catalog.clone(), self.caller.subscribe());
        PodStream::open(catalog, PodChoice::default(), caller, None).await.unwrap()
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200, 0).unwrap()
}

/// Takes news until the client knows of these pods and no others.
async fn take_until(stream: &mut PodStream, known: &mut BTreeSet<String>, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    let take = async {
        while *known != expected {
            for news in stream.next().await {
                match news {
                    PodNews::Added(pod) => assert!(known.insert(pod.pod.pod.to_string())),
                    PodNews::Removed(pod) => assert!(known.remove(pod.pod.pod.as_str())),
                    PodNews::Changed(pod) => assert!(known.contains(pod.pod.pod.as_str())),
                    PodNews::Synced | PodNews::Heartbeat | PodNews::StillHere => {}
                }
            }
        }
    };
    timeout(Duration::from_secs(20), take).await.unwrap();
}

#[tokio::test]
async fn a_client_that_was_away_for_long_learns_what_there_is() {
    let node = WatchedNode::new();
    node.add("shop_web_1");
    let mut stream = node.stream().await;
    let mut known = BTreeSet::new();
    take_until(&mut stream, &mut known, &["web"]).await;
    // More than is remembered.
    for _ in 0..600 {
        node.add("shop_api_1");
        node.remove("shop_api_1");
    }
    node.remove("shop_web_1");
    node.add("shop_db_1");
    take_until(&mut stream, &mut known, &["db"]).await;
    node.add("shop_web_2");
    take_until(&mut stream, &mut known, &["db", "web"]).await;
}

#[tokio::test]
async fn what_was_seen_for_another_stream_undoes_no_change() {
    let node = WatchedNode::new();
    node.add("shop_web_1");
    node.add("bank_vault_1");
    let mut stream = node.stream().await;
    let mut known = BTreeSet::new();
    take_until(&mut stream, &mut known, &["web"]).await;
    // Another stream looks at everything.
    let _other = node.stream().await;
    node.add("shop_api_1");
    take_until(&mut stream, &mut known, &["api", "web"]).await;
    node.remove("shop_web_1");
    take_until(&mut stream, &mut known, &["api"]).await;
    node.caller.send_replace(Caller::holding("logs:read"));
    take_until(&mut stream, &mut known, &["api", "vault"]).await;
    node.caller.send_replace(Caller::holding("logs:read:bank/*"));
    take_until(&mut stream, &mut known, &["vault"]).await;
}
