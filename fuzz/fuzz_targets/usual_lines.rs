//! Lines that are stripped at once are what they are one by one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_gateway::workbench::{content_of_line, strip_usual_lines};

/// Too much for a fuzzer to come up with: a line that begins with `+` has it in the place of that.
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
    for line in lines[..stripped].split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("whole lines");
        expected.extend_from_slice(&content_of_line(line).expect("a line"));
        expected.push(b'\n');
    }
    assert_eq!(text, expected);
});
