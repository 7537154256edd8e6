//! The viewer of logs: its modules are type-checked, linted and unit-tested, and Chromium and Firefox
//! use its page with both services.
//!
//! `cargo xtask peers` installs the tools. A case whose tool is missing is skipped, and says so; with
//! `CI=true` it fails.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites need more of it")]
mod harness;
#[path = "../installed.rs"]
#[expect(dead_code, reason = "the other suites need more of it")]
mod installed;

mod browser;
mod modules;
mod stage;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let trials = [modules::trials(), browser::trials()].into_iter().flatten();
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
