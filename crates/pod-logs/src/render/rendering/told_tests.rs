//! What is told beside the lines.

use std::{io::Write, sync::Arc};

use super::{
    tests::{LOG, rendering},
    *,
};
use crate::{
    cursor::Cursor,
    line::{filter::LineFilter, stream::OutputStream},
    source::files::{
        lines::physical::tests::chain_of,
        storage::{chain::FileChain, log_file::LogFile},
    },
};

#[test]
fn progress_tells_what_was_read_and_where_to_go_on() {
    let mut writer = tempfile::tempfile().unwrap();
    let content =
        LOG.strip_suffix(b"half").unwrap().strip_suffix(b"2026-11-01T10:00:03Z stdout P ");
    writer.write_all(content.unwrap()).unwrap();
    let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
    file.start_growing();
    let filter = LineFilter { stream: Some(OutputStream::Stdout), ..LineFilter::default() };
    let query = LogQuery { filter, ..LogQuery::default() };
    let chain = || FileChain::whole(vec![file.clone()]);
    for form in [LogForm::JsonLines, LogForm::Events] {
        let mut reading = rendering(chain(), &query, form);
        assert_eq!(reading.write_chunk(&mut Vec::new()).unwrap(), Progress::CaughtUp);
        let mut progress = Vec::new();
        reading.write_progress(&mut progress).unwrap();
        let progress = String::from_utf8(progress).unwrap();
        let record: serde_json::Value = match form {
            LogForm::JsonLines => serde_json::from_str(&progress).unwrap(),
            _ => {
                let (id, event) = progress.split_once("\n\n").unwrap();
                let data = event.strip_prefix("event: progress\ndata: ").unwrap();
                let fields: serde_json::Value = serde_json::from_str(data).unwrap();
                assert_eq!(id.strip_prefix("id: "), fields["cursor"].as_str());
                serde_json::json!({ "progress": fields })
            }
        };
        let cursor = Cursor::decode(record["progress"]["cursor"].as_str().unwrap()).unwrap();
        assert_eq!(cursor.logs[0].seen.offset, content.unwrap().len() as u64);
        let expected = serde_json::json!({"progress": {
            "cursor": cursor.encode(),
            "time": "2026-11-01T10:00:01.000000000Z",
            "scanned_bytes": content.unwrap().len(),
            "matched": 1,
            "behind_bytes": 0,
        }});
        assert_eq!(record, expected);
    }
    let mut text = Vec::new();
    rendering(chain(), &query, LogForm::Text).write_progress(&mut text).unwrap();
    assert!(text.is_empty());
}

#[test]
fn a_long_search_opens_before_it_has_found_anything() {
    let content = b"2026-11-01T10:00:01Z stdout F a\n".repeat(100_000);
    let since = chrono::DateTime::from_timestamp(4_000_000_000, 0);
    let filter = LineFilter { since, ..LineFilter::default() };
    let query = LogQuery { filter, ..LogQuery::default() };
    let mut search = rendering(chain_of(&content, 0), &query, LogForm::JsonLines);
    let mut out = Vec::new();
    assert_eq!(search.write_chunk(&mut out).unwrap(), Progress::More);
    let opened = String::from_utf8(out).unwrap();
    assert!(opened.starts_with(r#"{"pod":{"event":"opened""#), "{opened}");
    let mut progress = Vec::new();
    search.write_progress(&mut progress).unwrap();
    let progress: serde_json::Value = serde_json::from_slice(&progress).unwrap();
    let [scanned, behind] =
        ["scanned_bytes", "behind_bytes"].map(|name| progress["progress"][name].as_u64().unwrap());
    assert!(scanned > 0 && scanned + behind == content.len() as u64, "{progress}");
    assert!(progress["progress"]["cursor"].is_string(), "{progress}");
}
