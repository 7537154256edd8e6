//! `cargo xtask soak`: a test that does more than `cargo xtask test` takes the time for.
//!
//! `power-loss` runs many seeds, and reports a seed that fails as the line that repeats it. `outage`
//! takes PostgreSQL and Redis away for a minute. Neither is a part of `ci`.

use std::{ffi::OsString, process::ExitCode};

use crate::cargo;

/// A soak: its name, its test as a target of Cargo, and the options that make it one.
type Soak = (&'static str, &'static str, &'static [&'static str]);

const SOAKS: [Soak; 2] = [
    ("power-loss", "power_loss", &["--soak"]),
    // A minute of outage, and the contract's second: the ordinary tests run on busy machines.
    (
        "outage",
        "instances",
        &["outage::", "--outage", "60", "--recovery", "1", "--test-threads", "1"],
    ),
];

/// Builds the test and becomes it. `None` without the name of a soak.
pub(crate) fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let (name, options) = arguments.split_first()?;
    let (_, target, own) = SOAKS.iter().find(|(soak, ..)| name == soak)?;
    let call = ["test", "--workspace", "--test", target, "--"];
    let call = call.iter().chain(*own).map(OsString::from);
    Some(cargo::become_cargo(call, options))
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
