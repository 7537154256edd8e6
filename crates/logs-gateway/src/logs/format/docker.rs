//! Docker's `json-file` format: `{"log":"hello\n","stream":"stdout","time":"2026-…Z"}`.
//!
//! A newline at the end of `log` ends the line; without it the line goes on.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Content, Entry, LineTime, Stream};

#[derive(Deserialize)]
struct DockerLine<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    stream: &'a str,
    time: &'a str,
}

pub(super) fn parse(line: &[u8]) -> Option<Entry> {
    let line: DockerLine<'_> = serde_json::from_slice(line).ok()?;
    let mut content = line.log.into_owned().into_bytes();
    let partial = content.pop_if(|last| *last == b'\n').is_none();
    Some(Entry {
        time: LineTime::parse(line.time.as_bytes())?,
        stream: Stream::parse(line.stream.as_bytes())?,
        partial,
        content: Content::Decoded(content),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_ends_the_line() {
        let whole = br#"{"log":"a\tb\n","stream":"stderr","time":"2026-11-01T10:00:00.5Z"}"#;
        let entry = parse(whole).unwrap();
        assert_eq!((entry.content(&[]), entry.partial), (&b"a\tb"[..], false));
        assert_eq!(entry.stream, Stream::Stderr);

        let piece = br#"{"log":"ab","stream":"stdout","time":"2026-11-01T10:00:00Z"}"#;
        let entry = parse(piece).unwrap();
        assert_eq!((entry.content(&[]), entry.partial), (&b"ab"[..], true));
    }

    #[test]
    fn other_fields_do_not_matter_and_missing_ones_do() {
        assert!(
            parse(
                br#"{"attrs":{"a":1},"log":"\n","stream":"stdout","time":"2026-11-01T10:00:00Z"}"#
            )
            .is_some()
        );
        for wrong in [
            &br#"{"log":"a","time":"2026-11-01T10:00:00Z"}"#[..],
            br#"{"log":"a","stream":"stdin","time":"2026-11-01T10:00:00Z"}"#,
            br#"{"log":"a","stream":"stdout","time":"now"}"#,
            br#"{"log":"a","stream":"stdout","#,
            b"{}",
            b"{\xff}",
        ] {
            assert_eq!(parse(wrong), None);
        }
    }
}
