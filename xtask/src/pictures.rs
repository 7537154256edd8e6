//! `cargo xtask pictures`: takes the pictures of the viewer, with both services and Chromium.

use std::{ffi::OsString, process::ExitCode};

use crate::cargo;

/// The test that takes them. It keeps them in the directory of this variable, if that is set.
const TEST: [&str; 7] =
    ["test", "--workspace", "--test", "viewer", "--", "--nocapture", "chromium::pictures"];
const DIRECTORY: &str = "VIEWER_PICTURES";

/// Writes them to `docs/pictures`.
pub(crate) fn run() -> ExitCode {
    let directory = cargo::workspace().join("docs/pictures").into_os_string();
    cargo::become_cargo_with([(DIRECTORY, directory)], TEST.map(OsString::from), &[])
}
