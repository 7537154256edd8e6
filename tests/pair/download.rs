//! Large logs in bounded memory, with readers that are slow or disconnect.

use std::{fs, time::Duration};

use reqwest::Response;

use crate::harness::{Caller, Pair, Process, cri, patience, until};

const MIB: u64 = 1024 * 1024;
/// The most memory, in bytes, that the gateway may use for a log of any size.
const MEMORY_BOUND: u64 = 32 * MIB;

/// A pair with a pod `default/large`, and the size of its log as text, in bytes.
async fn with_large_log(bytes: u64) -> (Pair, Caller, u64) {
    let pair = Pair::start();
    let length = pair.logs.pod("default", "large").container("app").write_large(bytes);
    pair.logs.write("default", "small", cri(&["hello"]));
    let admin = pair.admin().await;
    // Warms up: one-time allocations happen here.
    assert_eq!(admin.text("small").await.text(), "hello\n");
    (pair, admin, length)
}

async fn begin(caller: &Caller) -> Response {
    let response = caller.text_request("large").send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// Reads to the end and checks every byte.
async fn read_all(mut response: Response) -> reqwest::Result<u64> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await? {
        assert!(chunk.iter().all(|byte| matches!(byte, b'x' | b'\n')));
        length += chunk.len() as u64;
    }
    Ok(length)
}

/// Waits until the gateway reads no further for a reader that does not read.
async fn caught_up(process: Process) {
    let (mut before, mut still) = (process.bytes_read(), 0);
    until("the gateway waits for its reader", patience(), async || {
        let now = process.bytes_read();
        still = if now == before { still + 1 } else { 0 };
        before = now;
        (still == 3).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_hundred_megabytes_are_streamed_in_little_memory() {
    let (pair, admin, length) = with_large_log(200 * MIB).await;
    let before = pair.gateway.process().peak_memory();
    assert_eq!(read_all(begin(&admin).await).await.unwrap(), length);
    let growth = pair.gateway.process().peak_memory() - before;
    assert!(growth < MEMORY_BOUND, "{} MiB", growth / MIB);
}

#[tokio::test]
async fn a_large_log_as_json_takes_little_memory_too() {
    let (pair, admin, length) = with_large_log(48 * MIB).await;
    let before = pair.gateway.process().peak_memory();
    let answer = admin.logs("large").await;
    let growth = pair.gateway.process().peak_memory() - before;
    assert_eq!(answer.log().len() as u64, length);
    assert!(growth < MEMORY_BOUND, "{} MiB", growth / MIB);
}

#[tokio::test]
async fn a_slow_reader_costs_little_memory() {
    let (pair, admin, length) = with_large_log(64 * MIB).await;
    let process = pair.gateway.process();
    let before = process.peak_memory();
    let mut response = begin(&admin).await;
    let mut read = 0;
    for _ in 0..20 {
        caught_up(process).await;
        read += response.chunk().await.unwrap().unwrap().len() as u64;
    }
    assert!(process.bytes_read() < 48 * MIB, "nothing was held back");
    assert_eq!(read + read_all(response).await.unwrap(), length);
    let growth = process.peak_memory() - before;
    assert!(growth < MEMORY_BOUND, "{} MiB", growth / MIB);
}

#[tokio::test]
async fn a_reader_that_disconnects_half_way_leaves_no_file_open() {
    let (pair, admin, _) = with_large_log(64 * MIB).await;
    let process = pair.gateway.process();
    for _ in 0..3 {
        let mut response = begin(&admin).await;
        response.chunk().await.unwrap().unwrap();
        assert!(!process.open_logs().is_empty(), "the log is being read");
        drop(response);
        until("the log is closed", patience(), async || {
            process.open_logs().is_empty().then_some(())
        })
        .await;
    }
    assert_eq!(admin.text("small").await.text(), "hello\n");
}

#[tokio::test]
async fn a_log_that_was_read_to_its_end_is_closed() {
    let (pair, admin, length) = with_large_log(MIB).await;
    assert_eq!(read_all(begin(&admin).await).await.unwrap(), length);
    admin.text("large?tail=1").await;
    admin.logs("large?limitBytes=10").await;
    until("every log is closed", patience(), async || {
        pair.gateway.process().open_logs().is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pod_that_is_removed_while_it_is_read_is_read_to_its_end() {
    let (pair, admin, length) = with_large_log(32 * MIB).await;
    let mut response = begin(&admin).await;
    let first = response.chunk().await.unwrap().unwrap().len() as u64;
    fs::remove_dir_all(pair.logs.pod("default", "large").path()).unwrap();
    assert_eq!(first + read_all(response).await.unwrap(), length);
    admin.logs("large").await.check_problem_is(404, "pod_not_found");
}

#[tokio::test]
async fn a_log_that_is_rotated_while_it_is_read_is_read_as_it_was() {
    let (pair, admin, length) = with_large_log(32 * MIB).await;
    let mut response = begin(&admin).await;
    let first = response.chunk().await.unwrap().unwrap().len() as u64;
    let container = pair.logs.pod("default", "large").container("app");
    let file = container.path().join("0.log");
    fs::rename(&file, container.path().join("0.log.20261101-100000")).unwrap();
    container.write("0.log", cri(&["after the rotation"]));
    assert_eq!(first + read_all(response).await.unwrap(), length);
    assert_eq!(admin.text("large?tail=1").await.text(), "after the rotation\n");
}

#[tokio::test]
async fn a_log_truncated_while_it_is_read_ends_early_and_affects_no_other() {
    let (pair, admin, length) = with_large_log(64 * MIB).await;
    let mut response = begin(&admin).await;
    let first = response.chunk().await.unwrap().unwrap().len() as u64;
    let file = pair.logs.pod("default", "large").container("app").path().join("0.log");
    fs::File::options().write(true).open(file).unwrap().set_len(0).unwrap();
    if let Ok(rest) = read_all(response).await {
        assert!(first + rest < length);
    }
    assert_eq!(admin.text("small").await.text(), "hello\n");
    assert_eq!(admin.text("large").await.text(), "");
}

#[tokio::test]
async fn simultaneous_readers_each_get_the_whole_log() {
    let (pair, admin, length) = with_large_log(4 * MIB).await;
    let before = pair.gateway.process().peak_memory();
    let mut readers = Vec::new();
    for _ in 0..16 {
        let admin = admin.clone();
        readers.push(tokio::spawn(async move { read_all(begin(&admin).await).await }));
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap(), length);
    }
    let growth = pair.gateway.process().peak_memory() - before;
    assert!(growth < 2 * MEMORY_BOUND, "{} MiB", growth / MIB);
}

#[tokio::test]
async fn a_search_that_finds_nothing_in_a_large_log_ends_with_its_reader() {
    let (pair, admin, _) = with_large_log(64 * MIB).await;
    let request = admin.text_request("large?stream=Stderr").timeout(Duration::from_millis(50));
    // Usually too short to read all of it; in any case no file may stay open.
    let _ = request.send().await.map(Response::bytes);
    until("the log is closed", patience(), async || {
        pair.gateway.process().open_logs().is_empty().then_some(())
    })
    .await;
}
