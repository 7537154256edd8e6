//! `cargo xtask soak`: a random test with more seeds than `cargo xtask test` takes the time for.
//!
//! A seed that fails is reported as the line that repeats it. It is no part of `ci`.

use std::{ffi::OsString, process::ExitCode};

use crate::cargo;

/// The names of the tests here, and as targets of Cargo.
const TESTS: [(&str, &str); 1] = [("power-loss", "power_loss")];

/// Builds the test and becomes it. `None` without the name of a test.
pub(crate) fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let (name, options) = arguments.split_first()?;
    let (_, target) = TESTS.iter().find(|(test, _)| name == test)?;
    let call = ["test", "--workspace", "--test", target, "--", "--soak"];
    Some(cargo::become_cargo(call.map(OsString::from), options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_needs_the_name_of_a_test() {
        assert!(run(&[]).is_none());
        assert!(run(&["sleep".into()]).is_none());
    }
}
