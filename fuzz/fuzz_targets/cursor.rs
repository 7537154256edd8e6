//! A decoded and re-encoded cursor is the same text.

#![no_main]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use pod_logs::Cursor;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Cursor::decode(text);
    }
    // With the right checksum, so that the rest of the parser is reached.
    let checksum = crc32fast::hash(bytes).to_be_bytes();
    let text = URL_SAFE_NO_PAD.encode([bytes, &checksum].concat());
    if let Ok(cursor) = Cursor::decode(&text) {
        assert_eq!(cursor.encode(), Some(text));
    }
});
