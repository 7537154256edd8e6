//! A line in the CRI format, its prefix given: whatever is behind the third blank is the content.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_gateway::workbench::content_of_line;

fuzz_target!(|line: &[u8]| {
    if let Some(content) = content_of_line(line)
        && line.first() != Some(&b'{')
    {
        let third_blank = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').nth(2);
        assert_eq!(&*content, &line[third_blank.expect("three blanks").0 + 1..]);
    }
    let usual = [b"2026-11-01T10:00:00.123456789Z stdout F ", line].concat();
    assert_eq!(content_of_line(&usual).as_deref(), Some(line));
});
