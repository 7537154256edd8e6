//! How often a stream tells how far it has come.

use std::fs;

use pod_logs::{FilesSource, LogQuery, MergeClock, PodRef};
use tokio::time::{advance, pause};

use super::*;
use crate::scans::Scans;

const LINE: &str = "2026-11-01T10:00:00Z stdout F line\n";
/// Enough for many chunks.
const LINES: usize = 100_000;

/// A log that is read as records.
async fn stream(root: &std::path::Path) -> LogStream {
    let directory = root.join("shop_web_1/app");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("0.log"), LINE.repeat(LINES)).unwrap();
    let source = FilesSource::open(root, &[]).unwrap();
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
    let query = LogQuery::default();
    let located = source.find(&pod, &query).unwrap().check().unwrap();
    let (cost, clock) = (located.cost(), MergeClock::at_the_end_of_time());
    let scans = Scans::new(1).unwrap().of_user("ada");
    let make = move || LogReading::of_lines(located, &query, LogForm::JsonLines, clock);
    LogStream::open(cost, scans, make).await.unwrap()
}

/// How often the next chunk tells how far the reading has come; `None` at the end.
async fn told(stream: &mut LogStream) -> Option<usize> {
    let chunk = stream.next().await.unwrap()?;
    Some(String::from_utf8_lossy(&chunk).matches(r#"{"progress":"#).count())
}

#[tokio::test]
async fn a_stream_that_reads_on_tells_once_a_second_how_far_it_has_come() {
    let root = tempfile::tempdir().unwrap();
    let mut stream = stream(root.path()).await;
    pause();
    stream.last_progress = Instant::now();
    assert_eq!(told(&mut stream).await, Some(0), "the first chunk");
    for (milliseconds, expected) in [(0, 0), (999, 0), (1, 1), (0, 0), (5_000, 1), (999, 0)] {
        advance(Duration::from_millis(milliseconds)).await;
        assert_eq!(told(&mut stream).await, Some(expected), "after {milliseconds} ms");
    }
    while let Some(told) = told(&mut stream).await {
        assert_eq!(told, 0, "no time passes");
    }
}
