//! One user with endless searches, beside other users.

use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use futures_util::future::join_all;

use crate::{
    harness::{Caller, Pair, cri, patience, until},
    operations::ops,
};

const MIB: u64 = 1024 * 1024;
/// The time limit of a small read beside any number of large ones.
const SOON: Duration = Duration::from_secs(5);

/// Eve, whose searches are large, and Alice.
async fn eve_and_alice() -> (Pair, Caller, Caller) {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "huge").container("app");
    // It contains no line end, and nothing of it is stored.
    container.write("0.log", "");
    let huge = File::options().write(true).open(container.path().join("0.log")).unwrap();
    huge.set_len(16 * 1024 * MIB).unwrap();
    let container = pair.logs.pod("default", "packed").container("app");
    container.write("0.log", cri(&["last"]));
    container.write("0.log.20261101-100000.gz", packed(4 * 1024 * MIB));
    let container = pair.logs.pod("default", "small").container("app");
    container.write_large(200 * 1024);
    container.write("0.log.20261101-100000.gz", packed(MIB / 4));
    let eve = pair.user("eve", &["logs:read:default/*"]).await;
    let alice = pair.user("alice", &["logs:read:default/*"]).await;
    (pair, eve, alice)
}

/// Lines of stdout that are of this size when they are unpacked.
fn packed(bytes: u64) -> Vec<u8> {
    let lines = cri(&["x"]).repeat(64 * 1024);
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(lines.as_bytes()).unwrap();
    let member = member.finish().unwrap();
    member.repeat((bytes / lines.len() as u64).max(1) as usize)
}

/// Checks that Alice reads without delay.
async fn check_that_alice_reads(alice: &Caller) {
    for small in ["small?history=current", "small", "small?tail=1&stream=Stderr"] {
        let asked = Instant::now();
        assert_eq!(alice.text(small).await.status, 200);
        assert!(asked.elapsed() < SOON, "{small}: {:?}", asked.elapsed());
    }
}

/// How many searches wait for their turn.
async fn waiting_searches(pair: &Pair) -> u64 {
    let metrics = ops(&pair.gateway, "/metrics").await.1;
    let waiting = metrics.lines().find_map(|line| line.strip_prefix("logs_scans_waiting "));
    waiting.unwrap().parse().unwrap()
}

async fn check_that_searches_end(pair: &Pair) {
    until("no search runs", patience(), async || {
        pair.gateway.process().open_logs().is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn abandoned_searches_end_at_once() {
    let (pair, eve, alice) = eve_and_alice().await;
    for path in [
        "huge?tail=1",
        "huge?sinceTime=2026-11-01T10:00:00Z&tail=1",
        "packed?tail=1&stream=Stderr",
        "packed?untilTime=2026-10-01T10:00:00Z",
    ] {
        let leave = Duration::from_millis(300);
        let search = |_| {
            let request = eve.text_request(path).timeout(leave);
            async { request.send().await?.bytes().await }
        };
        let searches = (0..45).map(search);
        assert!(join_all(searches).await.iter().all(Result::is_err), "{path}");
        check_that_searches_end(&pair).await;
    }
    check_that_alice_reads(&alice).await;
}

#[tokio::test]
async fn searches_of_one_user_do_not_delay_other_users() {
    let (pair, eve, alice) = eve_and_alice().await;
    for path in ["huge?tail=1", "packed?tail=1&stream=Stderr"] {
        let search = |_| {
            let request = eve.text_request(path);
            tokio::spawn(request.send())
        };
        let searches: Vec<_> = (0..45).map(search).collect();
        until("searches wait", patience(), async || {
            (waiting_searches(&pair).await > 10).then_some(())
        })
        .await;
        check_that_alice_reads(&alice).await;
        searches.iter().for_each(tokio::task::JoinHandle::abort);
        check_that_searches_end(&pair).await;
    }
}
