//! A line in the CRI format: the content is everything after the third blank.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_logs::LogEntry;

fuzz_target!(|line: &[u8]| {
    if let Some(entry) = LogEntry::parse(line)
        && line.first() != Some(&b'{')
    {
        let third_blank = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').nth(2);
        assert_eq!(entry.content(line), &line[third_blank.expect("three blanks").0 + 1..]);
    }
    let usual = [b"2026-11-01T10:00:00.123456789Z stdout F ", line].concat();
    assert_eq!(LogEntry::parse(&usual).expect("a line").content(&usual), line);
});
