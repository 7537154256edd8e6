//! The CRI log format (`kubernetes/cri-client/pkg/logs/logs.go`, `parseCRILog`).
//!
//! ```text
//! line = time SP stream SP tags SP content LF
//! tags = tag *( ":" tag )          ; only the first one counts: "P" is partial, all else is full
//! ```
//!
//! Single blanks separate; the content is whatever bytes are left, maybe none.

use memchr::memchr;

use super::entry::{EntryContent, LogEntry};
use crate::line::{stream::OutputStream, time::LineTime};

pub(crate) fn parse(line: &[u8]) -> Option<LogEntry> {
    let (time, rest) = split_at_blank(line)?;
    let (stream, rest) = split_at_blank(rest)?;
    let (tags, content) = split_at_blank(rest)?;
    Some(LogEntry {
        time: LineTime::parse(time)?,
        stream: OutputStream::parse(stream)?,
        partial: tags == b"P" || tags.starts_with(b"P:"),
        content: EntryContent::From(line.len() - content.len()),
    })
}

fn split_at_blank(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = memchr(b' ', bytes)?;
    Some((&bytes[..blank], &bytes[blank + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(OutputStream, &str, bool)>) {
        let entry = parse(line.as_bytes());
        let seen = entry.as_ref().map(|entry| {
            let content = entry.content(line.as_bytes());
            (entry.stream, std::str::from_utf8(content).unwrap(), entry.partial)
        });
        assert_eq!(seen, expected, "{line:?}");
    }

    #[test]
    fn lines_of_the_grammar() {
        check(
            "2026-11-01T10:00:00Z stdout F hello world",
            Some((OutputStream::Stdout, "hello world", false)),
        );
        check("2026-11-01T10:00:00Z stderr P hello ", Some((OutputStream::Stderr, "hello ", true)));
        check("2026-11-01T10:00:00Z stdout P:TAG1:TAG2 x", Some((OutputStream::Stdout, "x", true)));
        check("2026-11-01T10:00:00Z stdout F:P x", Some((OutputStream::Stdout, "x", false)));
        check("2026-11-01T10:00:00Z stdout Q x", Some((OutputStream::Stdout, "x", false)));
        check("2026-11-01T10:00:00Z stdout  x", Some((OutputStream::Stdout, "x", false)));
        check("2026-11-01T10:00:00Z stdout F ", Some((OutputStream::Stdout, "", false)));
        check("2026-11-01T10:00:00Z stdout F  x", Some((OutputStream::Stdout, " x", false)));
    }

    #[test]
    fn malformed_lines_are_refused() {
        check("", None);
        check("hello", None);
        check("2026-11-01T10:00:00Z stdout F", None);
        check("2026-11-01T10:00:00Z STDOUT F x", None);
        check("2026-11-01T10:00:00Z  stdout F x", None);
        check("2026-11-01T10:00:00Z\tstdout F x", None);
        check("yesterday stdout F x", None);
    }
}
