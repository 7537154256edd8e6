//! The line format of container runtimes: `<time> <stream> <tag> <content>`.

use std::{fmt, time::Duration};

use chrono::{DateTime, FixedOffset};

/// containerd's default of `max_container_log_line_size`: a longer line is split.
const MAX_CONTENT: usize = 16 * 1024;
/// The time between the stamps of two pieces of a split line.
const BETWEEN_PIECES: Duration = Duration::from_micros(7);

/// A line as a container writes it, without the newline.
#[derive(Debug)]
pub(super) struct Line {
    stream: Stream,
    content: String,
}

#[derive(Clone, Copy, Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl Line {
    /// A line on standard output.
    pub(super) fn out(content: impl Into<String>) -> Self {
        Self { stream: Stream::Stdout, content: content.into() }
    }

    /// A line on standard error.
    pub(super) fn err(content: impl Into<String>) -> Self {
        Self { stream: Stream::Stderr, content: content.into() }
    }

    /// The physical lines that a runtime writes at `at`: full (`F`), preceded by partial ones
    /// (`P`) where the content is too long for one. A piece may end within a character.
    pub(super) fn encode(&self, at: DateTime<FixedOffset>) -> Vec<Vec<u8>> {
        let content = self.content.as_bytes();
        let last = content.len().saturating_sub(1) / MAX_CONTENT;
        (0..=last)
            .zip(0_u32..)
            .map(|(index, nth)| {
                let start = index * MAX_CONTENT;
                let piece = &content[start..content.len().min(start + MAX_CONTENT)];
                let time = rfc3339_nano(at + BETWEEN_PIECES * nth);
                let tag = if index == last { 'F' } else { 'P' };
                let mut line = format!("{time} {} {tag} ", self.stream).into_bytes();
                line.extend_from_slice(piece);
                line.push(b'\n');
                line
            })
            .collect()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// Go's `time.RFC3339Nano`: no trailing zeros in the fraction, and no fraction when it is zero;
/// `Z` instead of a zero offset.
fn rfc3339_nano(at: DateTime<FixedOffset>) -> String {
    let time = at.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
    let time = time.trim_end_matches('0').trim_end_matches('.');
    match at.offset().local_minus_utc() {
        0 => format!("{time}Z"),
        _ => format!("{time}{}", at.format("%:z")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(time).unwrap()
    }

    #[track_caller]
    fn check_time(time: &str, expected: &str) {
        assert_eq!(rfc3339_nano(at(time)), expected);
    }

    #[test]
    fn times_are_trimmed_as_go_does() {
        check_time("2026-11-21T04:00:10.123456789Z", "2026-11-21T04:00:10.123456789Z");
        check_time("2026-11-21T04:00:10.120000000Z", "2026-11-21T04:00:10.12Z");
        check_time("2026-11-21T04:00:10Z", "2026-11-21T04:00:10Z");
        check_time("2026-11-21T04:00:10.5+00:00", "2026-11-21T04:00:10.5Z");
        check_time("2026-11-21T04:00:10.050+05:30", "2026-11-21T04:00:10.05+05:30");
        check_time("2026-11-21T04:00:00-08:00", "2026-11-21T04:00:00-08:00");
    }

    fn encoded(line: &Line) -> Vec<String> {
        let lines = line.encode(at("2026-11-21T04:00:10Z"));
        lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn a_line_is_full() {
        assert_eq!(
            encoded(&Line::out("hello  you")),
            ["2026-11-21T04:00:10Z stdout F hello  you\n"]
        );
        assert_eq!(encoded(&Line::err("")), ["2026-11-21T04:00:10Z stderr F \n"]);
    }

    #[test]
    fn a_line_that_just_fits_is_full() {
        assert_eq!(encoded(&Line::out("x".repeat(MAX_CONTENT))).len(), 1);
    }

    #[test]
    fn a_long_line_is_split() {
        let lines = encoded(&Line::out(format!("{}end", "x".repeat(2 * MAX_CONTENT))));
        let [first, second, third] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert!(first.starts_with("2026-11-21T04:00:10Z stdout P x"));
        assert!(second.starts_with("2026-11-21T04:00:10.000007Z stdout P x"));
        assert_eq!(third, "2026-11-21T04:00:10.000014Z stdout F end\n");
    }
}
