//! `cargo xtask ci`: everything that a change must pass, in one command.

use std::{
    fmt,
    process::{ExitCode, Stdio},
    time::Instant,
};

use crate::{
    cargo, shared_build,
    test::{self, Totals},
};

/// One call of Cargo that must succeed.
struct Check {
    /// Set in the environment of the call, which is how rustdoc is told to be strict.
    variable: Option<(&'static str, &'static str)>,
    arguments: &'static [&'static str],
}

/// In the order of how soon they tell something.
const CHECKS: [Check; 3] = [
    Check { variable: None, arguments: &["fmt", "--all", "--check"] },
    Check {
        variable: None,
        arguments: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    },
    Check {
        variable: Some(("RUSTDOCFLAGS", "-D warnings")),
        arguments: &["doc", "--workspace", "--no-deps", "--document-private-items"],
    },
];

/// Runs every check, whatever the ones before it said, and ends with the total of the tests, in
/// which a failed check counts as one failure.
pub(crate) fn run() -> ExitCode {
    let mut failures = Totals::default();
    for check in &CHECKS {
        if !timed(check, || check.passes()) {
            failures += Totals::ONE_FAILURE;
        }
    }
    if let Err(error) = timed("one build for all chores", shared_build::check) {
        eprintln!("error: {error:#}");
        failures += Totals::ONE_FAILURE;
    }
    let mut totals = timed("cargo xtask test", test::totals);
    totals += failures;
    println!("{totals}");
    totals.exit_code()
}

/// Says what runs, and afterwards how long it took.
fn timed<T>(step: impl fmt::Display, run: impl FnOnce() -> T) -> T {
    println!("==> {step}");
    let start = Instant::now();
    let outcome = run();
    println!("    {step}: {:.1} s", start.elapsed().as_secs_f64());
    outcome
}

impl Check {
    fn passes(&self) -> bool {
        match cargo::command()
            .args(self.arguments)
            .envs(self.variable)
            .stdin(Stdio::null())
            .status()
        {
            Ok(status) if status.success() => true,
            Ok(status) => {
                eprintln!("error: {self} failed: {status}");
                false
            }
            Err(error) => {
                eprintln!("error: cannot run {self}: {error}");
                false
            }
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.variable {
            write!(f, "{name}='{value}' ")?;
        }
        write!(f, "cargo {}", self.arguments.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_printed_as_a_command_line() {
        let typed = CHECKS.map(|check| check.to_string());
        assert_eq!(
            typed,
            [
                "cargo fmt --all --check",
                "cargo clippy --workspace --all-targets -- -D warnings",
                "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps \
                 --document-private-items",
            ]
        );
    }
}
