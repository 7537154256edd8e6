//! A gateway that records reads into a file.

use std::path::PathBuf;

use reqwest::{Method, Response};
use serde_json::Value;

use super::events;
use crate::harness::{Caller, Pair, Setup, cri, patience, scratch, until};

/// A pair with a log of two lines, a user who may read it, and the file of the audit.
pub(super) struct Scene {
    pub(super) pair: Pair,
    pub(super) alice: Caller,
    pub(super) file: PathBuf,
    _directory: tempfile::TempDir,
}

impl Scene {
    pub(super) async fn start() -> Self {
        let directory = scratch();
        let file = directory.path().join("audit");
        Self::with(Setup::new(), file, directory).await
    }

    pub(super) async fn with(setup: Setup, file: PathBuf, directory: tempfile::TempDir) -> Self {
        let setup = setup
            .gateway("GATEWAY_AUDIT_FILE", file.to_str().unwrap())
            .gateway("GATEWAY_REVALIDATE", "100ms");
        let pair = setup.start();
        pair.logs.write("default", "web", cri(&["one", "two"]));
        let alice = pair.user("alice", &["logs:read:default/*"]).await;
        Self { pair, alice, file, _directory: directory }
    }

    pub(super) fn events(&self, kind: &str) -> Vec<Value> {
        let events = events(&self.file).into_iter();
        events.filter(|event| event["audit"] == kind).collect()
    }

    /// The events of this kind, when there are so many.
    pub(super) async fn until_told(&self, kind: &str, count: usize) -> Vec<Value> {
        until(kind, 2 * patience(), async || {
            Some(self.events(kind)).filter(|events| events.len() >= count)
        })
        .await
    }

    pub(super) async fn follow(&self, path: &str) -> Response {
        let request = self.alice.gateway(Method::GET, path);
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.chunk().await.unwrap().is_some());
        response
    }
}
