//! The OpenAPI documents of both services, and the page that shows them, with third-party tools:
//! Redocly lints the documents, Schemathesis sends requests made from them to a pair, and Chromium
//! logs in on the page and reads a log.
//!
//! `cargo xtask peers` installs the tools. A case whose tool is missing is skipped, and says so; with
//! `CI=true` it fails.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need more of it")]
mod harness;
#[path = "../installed.rs"]
mod installed;

mod lint;
mod page;
mod requests;

use std::process::ExitCode;

use libtest_mimic::Arguments;

/// Both services have a document of this name in `openapi/`.
const SERVICES: [&str; 2] = ["sso-service", "logs-gateway"];

fn main() -> ExitCode {
    let trials = [lint::trials(), requests::trials(), page::trials()].into_iter().flatten();
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
