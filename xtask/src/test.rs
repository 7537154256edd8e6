//! `cargo xtask test`: every test of the workspace, and their total.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Write},
    ops::AddAssign,
    process::{Child, ChildStdout, ExitCode, Stdio},
};

use anyhow::Context;

use crate::{cargo, peers};

/// How the tests ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Totals {
    /// What stands for something that failed without having been counted.
    pub(crate) const ONE_FAILURE: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Success, unless anything failed.
    pub(crate) fn exit_code(self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// A run that failed outside any test, or that ran none, must not look like a success.
    fn or_one_failure(mut self, run_succeeded: bool) -> Self {
        let ran_none = self.passed + self.failed == 0;
        if self.failed == 0 && (!run_succeeded || ran_none) {
            self += Self::ONE_FAILURE;
        }
        self
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Runs every test and ends with their total, alone on the last line.
pub(crate) fn run() -> ExitCode {
    let totals = totals();
    println!("{totals}");
    totals.exit_code()
}

/// Runs every test, doc tests too, showing what Cargo shows. Peers that could not be installed are
/// the matter of the tests that need them.
pub(crate) fn totals() -> Totals {
    peers::install();
    run_tests().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Totals::ONE_FAILURE
    })
}

fn run_tests() -> anyhow::Result<Totals> {
    let mut cargo = cargo::command()
        // All the suites run even when one fails: the total counts them all.
        .args(["test", "--workspace", "--no-fail-fast"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo test")?;
    let totals = sum_while_showing(stdout_of(&mut cargo)?, io::stdout())
        .context("cannot read the results")?;
    let status = cargo.wait().context("cannot wait for cargo test")?;
    Ok(totals.or_one_failure(status.success()))
}

fn stdout_of(child: &mut Child) -> anyhow::Result<ChildStdout> {
    child.stdout.take().context("standard output is not piped")
}

/// Passes the output on as it comes; it may hold any bytes, since tests print what they like.
fn sum_while_showing(output: impl io::Read, mut screen: impl Write) -> io::Result<Totals> {
    let mut output = BufReader::new(output);
    let mut totals = Totals::default();
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        screen.write_all(&line)?;
        if let Some(suite) = parse_result(&String::from_utf8_lossy(&line)) {
            totals += suite;
        }
        line.clear();
    }
    Ok(totals)
}

/// Reads the line that closes a suite, such as
/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
fn parse_result(line: &str) -> Option<Totals> {
    let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |of: &str| {
        counts.split(';').find_map(|part| part.trim().strip_suffix(of)?.trim().parse().ok())
    };
    Some(Totals { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64, skipped: u64) -> Totals {
        Totals { passed, failed, skipped }
    }

    #[test]
    fn the_results_of_all_suites_are_summed() {
        let output = b"running 4 tests\n\
            test a ... ok\n\
            \n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; \
            finished in 0.01s\n\
            \xff not text\n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; \
            finished in 1.20s\n";
        let mut screen = Vec::new();
        assert_eq!(sum_while_showing(&output[..], &mut screen).unwrap(), totals(13, 2, 1));
        assert_eq!(screen, output);
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "test a ... ok", "test result: ok", "note: test result: ok. 1 passed;"] {
            assert_eq!(parse_result(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_total_reads_as_promised() {
        assert_eq!(totals(12, 0, 3).to_string(), "12 passed, 0 failed, 3 skipped");
    }

    #[test]
    fn running_no_test_is_a_failure() {
        assert_eq!(totals(0, 0, 4).or_one_failure(true), totals(0, 1, 4));
    }

    #[test]
    fn a_build_that_fails_is_a_failure() {
        assert_eq!(totals(0, 0, 0).or_one_failure(false), totals(0, 1, 0));
        assert_eq!(totals(7, 0, 0).or_one_failure(false), totals(7, 1, 0));
    }

    #[test]
    fn counted_failures_are_counted_once() {
        assert_eq!(totals(7, 2, 0).or_one_failure(false), totals(7, 2, 0));
    }
}
