use proptest::prelude::*;

use super::{
    FilePosition, InvalidCursor, LevelsBefore, MAX_TEXT_BYTES,
    log_key::LogKey,
    merged_cursor::{EntryPlace, LogEntry, MergedCursor, ReadEntry},
    with_checksum,
};
use crate::{
    line::target::LogName,
    source::kubernetes::{api::container_runs::RunId, feed::line_place::LinePlace},
};

fn place(fingerprint: u32, offset: u64) -> FilePosition {
    FilePosition { fingerprint, offset }
}

/// An entry of a busy log: a kubelet's file has 10 MiB, and a line was open.
fn busy() -> ReadEntry {
    let place = EntryPlace::InFiles { begin: place(7, 9_000_000), seen: place(7, 9_000_200) };
    let levels = LevelsBefore::from_byte(9).unwrap();
    ReadEntry { restart: 300, place: Some(place), age: Some(200_000), levels }
}

fn cursor(logs: impl IntoIterator<Item = (LogKey, LogEntry)>) -> MergedCursor {
    let watermark = chrono::DateTime::from_timestamp(1_793_527_200, 5);
    MergedCursor { selection: 0x0102_0304, watermark, logs: logs.into_iter().collect() }
}

fn key(number: u64) -> LogKey {
    LogKey(*number.to_be_bytes().last_chunk().unwrap())
}

#[test]
fn a_merged_cursor_is_written_as_it_always_was() {
    let elsewhere = EntryPlace::InFiles { begin: place(6, 300), seen: place(7, 5) };
    let elsewhere = ReadEntry { restart: 1, place: Some(elsewhere), age: None, ..busy() };
    let begun =
        ReadEntry { restart: 0, place: None, age: Some(0), levels: LevelsBefore::default() };
    let cursor = cursor([
        (key(1), LogEntry::Read(busy())),
        (key(2), LogEntry::Read(elsewhere)),
        (key(3), LogEntry::Read(begun)),
        (key(4), LogEntry::Skipped),
        (key(5), LogEntry::Forbidden),
    ]);
    let text = cursor.encode().unwrap();
    assert_eq!(
        text,
        "AW0BAgMEGOPjfGMAQAUABQAAAAAAARisAgAAAAeIqqUEyAHAmgwJAAAAAAACFAEAAAAHBQAAAAasAgkAAAAAAAMJAAAAAAAAAAQCAAAAAAAFA9FD7NA"
    );
    assert_eq!(MergedCursor::decode(&text), Ok(cursor));
}

#[test]
fn the_key_of_a_log_never_changes() {
    let key = LogKey::of(&LogName::sample("web-0", "app"));
    assert_eq!(key.0, [36, 100, 60, 33, 107, 249]);
    assert_ne!(LogKey::of(&LogName::sample("web-0", "ap")), key);
}

#[test]
fn a_hundred_busy_logs_fit_and_too_many_are_withheld() {
    let of = |count: u64| cursor((0..count).map(|log| (key(log), LogEntry::Read(busy()))));
    let text = of(100).encode().unwrap();
    assert!(text.len() <= MAX_TEXT_BYTES);
    assert_eq!(MergedCursor::decode(&text), Ok(of(100)));
    for count in 100..200 {
        let text = of(count).encode();
        assert!(text.is_none_or(|text| MergedCursor::decode(&text) == Ok(of(count))), "{count}");
    }
    assert_eq!(of(200).encode(), None);
    assert_eq!(MergedCursor::decode(&"A".repeat(MAX_TEXT_BYTES + 1)), Err(InvalidCursor));
}

#[test]
fn a_right_checksum_does_not_make_a_merged_cursor() {
    let header = |count: u8, rest: &[u8]| {
        let mut content = vec![1, b'm', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count];
        content.extend(rest);
        MergedCursor::decode(&with_checksum(content))
    };
    let skipped = |key: u8| [0, 0, 0, 0, 0, key, 2];
    header(0, &[]).unwrap();
    header(2, &[skipped(1), skipped(2)].concat()).unwrap();
    header(2, &[skipped(1), skipped(1)].concat()).unwrap_err();
    header(2, &[skipped(2), skipped(1)].concat()).unwrap_err();
    header(1, &[]).unwrap_err();
    header(0, &[0]).unwrap_err();
    header(1, &[0, 0, 0, 0, 0, 1, 0x80]).unwrap_err();
    header(1, &[0, 0, 0, 0, 0, 1, 6]).unwrap_err();
    // A number of more than 64 bits, and a place that goes back beyond the file's beginning.
    header(1, &[&[0, 0, 0, 0, 0, 1, 1][..], &[0xff; 10]].concat()).unwrap_err();
    header(1, &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 1, 2]).unwrap_err();
    header(1, &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 2, 2]).unwrap();
}

#[test]
fn entries_of_an_api_server_are_short() {
    let line = LinePlace {
        run: RunId(0x00ab_cdef),
        time: 1_793_527_190_000_000_005,
        number: 1,
        checksum: 7,
    };
    let read = |line| {
        let place = Some(EntryPlace::AtLine(line));
        LogEntry::Read(ReadEntry { restart: 1, place, age: None, levels: LevelsBefore::default() })
    };
    let behind_instant = LinePlace { number: 0, checksum: 0, ..line };
    let begun = LinePlace::beginning(line.run);
    let lines = [line, behind_instant, begun].into_iter().map(read);
    let cursor = cursor((1..).map(key).zip(lines));
    let text = cursor.encode().unwrap();
    assert_eq!(
        text,
        "AW0BAgMEGOPjfGMAQAUAAwAAAAAAASABq83vgJDfwEoBAAAABwAAAAAAAiABq83vgJDfwEoAAAAAAAADIQGrze9y9vHf"
    );
    assert_eq!(MergedCursor::decode(&text), Ok(cursor));
}

prop_compose! {
    fn entry()(
        restart: u32, begin: (u32, u64), seen: (u32, u64), same: bool, age: Option<u64>,
        levels in 0_u8..64, kind in 0..10, line: (u32, i64, u32, u32),
    ) -> LogEntry {
        let begin = if same { (seen.0, begin.1) } else { begin };
        let place = EntryPlace::InFiles { begin: place(begin.0, begin.1), seen: place(seen.0, seen.1) };
        let levels = LevelsBefore::from_byte(levels).unwrap();
        match kind {
            0 => LogEntry::Skipped,
            1 => LogEntry::Forbidden,
            2 => LogEntry::Read(ReadEntry { restart, place: None, age, levels }),
            3 | 4 => {
                let (run, time, number, checksum) = line;
                let run = RunId(run >> 8);
                let checksum = if number > 0 { checksum } else { 0 };
                let line = match kind {
                    3 => LinePlace::beginning(run),
                    _ => LinePlace { run, time, number, checksum },
                };
                let place = Some(EntryPlace::AtLine(line));
                LogEntry::Read(ReadEntry { restart, place, age: None, levels })
            }
            _ => LogEntry::Read(ReadEntry { restart, place: Some(place), age, levels }),
        }
    }
}

proptest! {
    #[test]
    fn a_merged_cursor_decodes_to_its_original(
        logs in prop::collection::btree_map(0_u64..1 << 48, entry(), 0..60),
        watermark: Option<i64>,
    ) {
        let logs = logs.into_iter().map(|(log, entry)| (key(log), entry));
        let watermark = watermark.filter(|time| *time != i64::MIN);
        let watermark = watermark.map(chrono::DateTime::from_timestamp_nanos);
        let cursor = MergedCursor { watermark, ..cursor(logs) };
        prop_assert_eq!(MergedCursor::decode(&cursor.encode().unwrap()), Ok(cursor));
    }

    #[test]
    fn a_changed_merged_cursor_is_refused(at in 0_usize..4000, with in "[A-Za-z0-9_-]") {
        let text = cursor([(key(1), LogEntry::Read(busy()))]).encode().unwrap();
        let mut changed = text.clone();
        let at = at % text.len();
        changed.replace_range(at..=at, &with);
        prop_assert_eq!(MergedCursor::decode(&changed).is_ok(), changed == text);
    }

    #[test]
    fn any_text_is_judged_as_a_merged_cursor_without_panic(text: String, rest: Vec<u8>) {
        let _ = MergedCursor::decode(&text);
        let _ = MergedCursor::decode(&with_checksum([&[1, b'm'][..], &rest].concat()));
    }

    #[test]
    fn an_age_never_makes_a_line_later(millis in 0_i64..1 << 40, nanos in 0_i64..2_000_000) {
        let watermark = chrono::DateTime::from_timestamp(1_793_527_200, 0).unwrap();
        let last = watermark
            - chrono::TimeDelta::milliseconds(millis)
            - chrono::TimeDelta::nanoseconds(nanos);
        let position = busy().position(&"app".parse().unwrap());
        let entry = ReadEntry::new(&position, Some(last), Some(watermark));
        let told = MergedCursor { watermark: Some(watermark), ..cursor([]) }.last_time_of(&entry);
        let behind = last - told.unwrap();
        prop_assert!(behind >= chrono::TimeDelta::zero());
        prop_assert!(behind < chrono::TimeDelta::milliseconds(1));
    }
}
