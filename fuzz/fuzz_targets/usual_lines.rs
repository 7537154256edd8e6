//! Lines that are stripped at once are what they are one by one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_gateway::workbench::{content_of_line, strip_usual_lines};

fuzz_target!(|lines: &[u8]| {
    let mut text = Vec::new();
    let stripped = strip_usual_lines(lines, &mut text);
    let mut expected = Vec::new();
    for line in lines[..stripped].split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("whole lines");
        expected.extend_from_slice(&content_of_line(line).expect("a line"));
        expected.push(b'\n');
    }
    assert_eq!(text, expected);
});
