//! How important a line says it is.
//!
//! A line shows its level as a member `level` or `severity` of a JSON object, as klog writes it
//! (`E1101 10:00:00.000000`), as a pair of logfmt (`level=error`), or by a word.

mod json;
#[cfg(test)]
mod tests;
mod words;

use std::str::FromStr;

use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use self::words::{first_level_in, level_of_first_word, level_of_word};

/// How important a line is, by the names that are most used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// `trace`.
    Trace,
    /// `debug`.
    Debug,
    /// `info`; also `notice`.
    Info,
    /// `warn`; also `warning`.
    Warn,
    /// `error`; also `err`.
    Error,
    /// `fatal`; also `critical`, `crit`, `alert`, `emerg` and `panic`.
    Fatal,
}

/// The text names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of trace, debug, info, warn, error, fatal")]
pub struct UnknownLevel;

impl Level {
    /// All levels, the least important first.
    pub(crate) const ALL: [Self; 6] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level that a line shows by itself. Of a line that looks as if it continued another only
    /// the first word counts: it may be a frame of a stack trace, which is full of other words. Of a
    /// line that begins with an exception only the name of that counts.
    pub(crate) fn shown_by(text: &[u8]) -> Option<Self> {
        let start = text.trim_ascii_start();
        if start.starts_with(b"{") {
            return json::level_of(start);
        }
        let structured = of_klog(text).or_else(|| of_logfmt(text));
        structured.or_else(|| match continues(text) {
            true => level_of_first_word(text),
            false => first_level_in(exception_in(text).unwrap_or(text)),
        })
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        level_of_word(text.as_bytes()).ok_or(UnknownLevel)
    }
}

/// Whether a line looks as if it continued the one before.
pub(crate) fn continues(text: &[u8]) -> bool {
    matches!(text, [b' ' | b'\t', ..]) || text.starts_with(b"at ") || text.starts_with(b"Caused by")
}

/// Whether a line begins with an exception, as loggers of Java, .NET and Python write it below their
/// message. It continues the line before if that tells of a failure; else it stands for itself.
pub(crate) fn begins_with_exception(text: &[u8]) -> bool {
    exception_in(text).is_some()
}

/// The exception that a line begins with: `java.io.IOException` of `java.io.IOException: closed`.
fn exception_in(text: &[u8]) -> Option<&[u8]> {
    const TRACEBACK: &[u8] = b"Traceback (most recent call last)";
    const ENDS: [&[u8]; 3] = [b"Exception", b"Error", b"Throwable"];
    if text.starts_with(TRACEBACK) {
        return Some(TRACEBACK);
    }
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    let length = text.iter().position(|byte| !is_of_name(byte)).unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
        && ENDS.iter().any(|end| name.ends_with(end));
    (is_name && matches!(rest, [] | [b':', ..])).then_some(name)
}

/// `Lmmdd hh:mm:ss.uuuuuu` (`klog.go`, `formatHeader`).
fn of_klog(text: &[u8]) -> Option<Level> {
    const SHAPE: &[u8; 21] = b"L0000 00:00:00.000000";
    let header = text.first_chunk::<21>()?;
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'L' => true,
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if !header.iter().zip(SHAPE).all(fits) {
        return None;
    }
    match header[0] {
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warn),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Fatal),
        _ => None,
    }
}

/// The value of `level`, or else of `severity`, maybe in quotes.
fn of_logfmt(text: &[u8]) -> Option<Level> {
    let mut severity = None;
    for at in memchr_iter(b'=', text) {
        let (before, value) = (&text[..at], &text[at + 1..]);
        match before.strip_suffix(b"level") {
            Some(before) => {
                if let Some(level) = level_of_pair(before, value) {
                    return Some(level);
                }
            }
            None if severity.is_none() => {
                let before = before.strip_suffix(b"severity");
                severity = before.and_then(|before| level_of_pair(before, value));
            }
            None => {}
        }
    }
    severity
}

/// The level that the value of a pair of logfmt names; `before` is what stands before its key.
fn level_of_pair(before: &[u8], value: &[u8]) -> Option<Level> {
    let begins_pair = before.last().is_none_or(u8::is_ascii_whitespace);
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    if begins_pair { level_of_first_word(value) } else { None }
}
