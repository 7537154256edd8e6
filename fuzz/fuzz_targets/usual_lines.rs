//! Lines stripped together have the content that each line has by itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_logs::{LogEntry, strip_usual_lines};

/// A fuzzer does not find this prefix by itself, so it replaces the `+` at the beginning of a line.
const USUAL: &[u8] = b"2026-11-01T10:00:00.123456789Z stdout F ";

fuzz_target!(|bytes: &[u8]| {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"+").inspect(|_| lines.extend_from_slice(USUAL));
        lines.extend_from_slice(rest.unwrap_or(line));
    }
    let mut text = Vec::new();
    let stripped = strip_usual_lines(&lines, &mut text);
    let mut expected = Vec::new();
    for line in lines[..stripped.bytes].split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("whole lines");
        expected.extend_from_slice(LogEntry::parse(line).expect("a line").content(line));
        expected.push(b'\n');
    }
    assert_eq!(text, expected);
});
