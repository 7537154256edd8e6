//! Shared code of the programs' tests.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::programs::program::Program;

fn at() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-21T05:00:00.123456789+01:00").unwrap()
}

/// The physical lines of a program over a long time.
pub(super) fn output(program: Program) -> Vec<String> {
    let mut rng = Rng::with_seed(7);
    let lines = (0..500).flat_map(|_| program(&mut rng, at()));
    lines.flat_map(|line| line.encode(at())).map(|line| String::from_utf8(line).unwrap()).collect()
}

/// The stream and the content of each line.
pub(super) fn contents(lines: &[String]) -> impl Iterator<Item = (&str, &str)> {
    lines.iter().map(|line| {
        let mut parts = line.trim_end().splitn(4, ' ').skip(1);
        let stream = parts.next().unwrap();
        (stream, parts.nth(1).unwrap_or_default())
    })
}
