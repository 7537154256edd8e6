//! The name of a log file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_logs::is_log_file;

fuzz_target!(|name: &str| {
    if is_log_file(name) {
        assert!(name.as_bytes()[0].is_ascii_digit() && name.contains(".log"));
    }
});
