//! When matches leave, and when a search ends.

use std::time::{Duration, Instant};

use crate::harness::{Caller, Pair, cri, patience, until};

/// How soon a search ends after its client left.
const AT_ONCE: Duration = Duration::from_millis(100);

/// A log with one line to be found, before much that is not.
async fn haystack() -> (Pair, Caller) {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.write_large(512 * 1024 * 1024);
    container.write("0.log.20261101-100000", cri(&["needle"]));
    let admin = pair.admin().await;
    (pair, admin)
}

/// No literal helps with it: `needle|[^x\W]\w*\d`.
const SLOW: &str = "needle%7C%5B%5Ex%5CW%5D%5Cw*%5Cd";

#[tokio::test]
async fn the_first_match_leaves_while_the_search_goes_on() {
    let (pair, admin) = haystack().await;
    let request = admin.text_request(&format!("web?grep={SLOW}")).send();
    let mut answer = request.await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "needle\n");
    assert!(!pair.gateway.process().open_logs().is_empty());
}

#[tokio::test]
async fn a_search_ends_when_its_client_leaves() {
    let (pair, admin) = haystack().await;
    for path in [format!("web?grep={SLOW}"), format!("web?grep={SLOW}&tail=5")] {
        let request = admin.text_request(&path);
        let search = tokio::spawn(async { request.send().await?.bytes().await });
        let searches = async || (!pair.gateway.process().open_logs().is_empty()).then_some(());
        until("the search runs", patience(), searches).await;
        search.abort();
        let left = Instant::now();
        until("the search ends", patience(), async || {
            pair.gateway.process().open_logs().is_empty().then_some(())
        })
        .await;
        assert!(left.elapsed() < AT_ONCE, "{path}: {:?}", left.elapsed());
    }
}
