//! A line in Docker's JSON, whole or as the message of one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_gateway::workbench::content_of_line;

fuzz_target!(|bytes: &[u8]| {
    let _ = content_of_line(&[b"{", bytes].concat());
    let (before, after) =
        (br#"{"log":""#, br#"","stream":"stdout","time":"2026-11-01T10:00:00Z"}"#);
    let _ = content_of_line(&[&before[..], bytes, &after[..]].concat());
});
