//! A line in Docker's JSON: any object, and any message in an otherwise valid object.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_logs::LogEntry;

fuzz_target!(|bytes: &[u8]| {
    let _ = LogEntry::parse(&[b"{", bytes].concat());
    let (before, after) =
        (br#"{"log":""#, br#"","stream":"stdout","time":"2026-11-01T10:00:00Z"}"#);
    let _ = LogEntry::parse(&[&before[..], bytes, &after[..]].concat());
});
