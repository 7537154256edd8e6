//! Cursors into compressed files.

use std::{fs, io::Write, path::Path, sync::mpsc};

use chrono::DateTime;
use flate2::{Compression, write::GzEncoder};
use futures_util::FutureExt;
use pod_logs::Anchor;
use serde_json::Value;
use service_runtime::clock::ManualClock;
use tokio::sync::oneshot;

use super::*;
use crate::stream::LogContent;

const LINE: &str = "2026-11-01T10:00:00Z stdout F line\n";

fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}

/// A log of two files, the earlier one compressed.
fn write_log(root: &Path) {
    let directory = root.join("shop_web_1/app");
    fs::create_dir_all(&directory).unwrap();
    let rotated = fs::File::create(directory.join("0.log.20261101-100000.gz")).unwrap();
    let mut rotated = GzEncoder::new(rotated, Compression::fast());
    rotated.write_all(LINE.repeat(3).as_bytes()).unwrap();
    rotated.finish().unwrap();
    fs::write(directory.join("0.log"), LINE.replace("10:00", "10:01")).unwrap();
}

fn reader(root: &Path) -> LogReader {
    LogReader::new(
        LogSource::Files(Arc::new(FilesSource::open(root, &[]).unwrap())),
        1,
        9,
        Arc::new(ManualClock::at(DateTime::UNIX_EPOCH)),
    )
    .unwrap()
}

async fn find(reader: &LogReader, query: &LogQuery) -> Result<LocatedLog, ReadError> {
    let LogSource::Files(files) = &reader.source else { unreachable!() };
    super::find(files, &reader.scans.of_user("ada"), &pod(), query).await
}

/// The cursors of all lines.
async fn cursors(reader: &LogReader) -> Vec<Cursor> {
    let (query, scans) = (LogQuery::default(), reader.scans.of_user("ada"));
    let located = find(reader, &query).await.unwrap();
    let log = begin(scans, located, query, LogForm::JsonLines, reader.clock.clone());
    let mut log = LogContent::from(log.await.unwrap().log);
    let mut text = Vec::new();
    while let Some(chunk) = log.next().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let objects = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
    let cursor = |object: Value| Cursor::decode(object["cursor"].as_str()?).ok();
    objects.filter_map(|object| cursor(object.unwrap())).collect()
}

fn after(cursor: Cursor) -> LogQuery {
    let uid = Some(cursor.uid.clone());
    LogQuery { uid, anchor: Some(Anchor::After(cursor)), ..LogQuery::default() }
}

fn before(cursor: Cursor) -> LogQuery {
    let uid = Some(cursor.uid.clone());
    LogQuery { uid, anchor: Some(Anchor::Before(cursor)), ..LogQuery::default() }
}

#[tokio::test]
async fn a_cursor_into_a_compressed_file_is_checked_on_no_requests_thread() {
    let root = tempfile::tempdir().unwrap();
    write_log(root.path());
    let reader = reader(root.path());
    let cursors = cursors(&reader).await;
    let [in_compressed, .., in_plain] = &cursors[..] else { panic!("{cursors:?}") };
    let mut forged = in_compressed.clone();
    for log in &mut forged.logs {
        (log.begin.offset, log.seen.offset) = (u64::MAX / 2, u64::MAX / 2);
    }
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let scans = reader.scans.of_user("bob");
    let the_only_turn = tokio::spawn(async move {
        let hold = move || (begun.send(()), released.recv());
        scans.request(hold).await.is_ok()
    });
    has_begun.await.unwrap();
    for query in [after(forged.clone()), before(forged.clone()), after(in_compressed.clone())] {
        assert!(find(&reader, &query).now_or_never().is_none(), "{query:?}");
    }
    drop(release);
    assert!(the_only_turn.await.unwrap());
    find(&reader, &after(in_plain.clone())).await.unwrap();
    find(&reader, &after(in_compressed.clone())).await.unwrap();
    for query in [after(forged.clone()), before(forged)] {
        let refusal = find(&reader, &query).await.unwrap_err();
        let is_expired = matches!(refusal, ReadError::Unavailable(LocateError::CursorExpired));
        assert!(is_expired, "{refusal:?}");
    }
}
