//! A cursor that is read and written again is the same cursor.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_gateway::workbench::{cursor_again, cursor_of};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = cursor_again(text);
    }
    // With the checksum right, so that what is behind it is reached.
    let text = cursor_of(bytes);
    if let Some(again) = cursor_again(&text) {
        assert_eq!(again, text);
    }
});
