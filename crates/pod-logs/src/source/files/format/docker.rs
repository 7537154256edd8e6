//! Docker's `json-file` format: `{"log":"hello\n","stream":"stdout","time":"2026-…Z"}`.
//!
//! A newline at the end of `log` ends the line; without it the line goes on.
//!
//! The kubelet reads a line with Go's `encoding/json`, and so do we: keys in any case, the last one
//! of several counts, one that is missing or `null` is empty, and what is no text becomes U+FFFD.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::entry::{EntryContent, LogEntry, UnknownStream};
use crate::line::{stream::OutputStream, time::LineTime};

/// Reads a line that has all it should have.
pub(crate) fn parse(line: &[u8]) -> Option<LogEntry> {
    let line = DockerLine::parse(line)?;
    let (stream, time) = (OutputStream::parse(&line.stream)?, line.time?);
    Some(line.into_entry(stream, time))
}

/// Reads a line as the kubelet does: no time is the year 1, and no stream is a name like any other.
pub(crate) fn parse_leniently(
    line: &[u8],
) -> Option<LogEntry<Result<OutputStream, UnknownStream>>> {
    let line = DockerLine::parse(line)?;
    let stream = OutputStream::parse(&line.stream)
        .ok_or_else(|| UnknownStream(line.stream.clone().into_owned()));
    let time = line.time.unwrap_or(LineTime::GO_ZERO);
    Some(line.into_entry(stream, time))
}

#[derive(Default)]
struct DockerLine<'a> {
    log: Cow<'a, [u8]>,
    stream: Cow<'a, [u8]>,
    time: Option<LineTime>,
}

impl<'a> DockerLine<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        if has_control_in_string(line) { None } else { serde_json::from_slice(line).ok() }
    }

    fn into_entry<S>(self, stream: S, time: LineTime) -> LogEntry<S> {
        let mut content = self.log.into_owned();
        let partial = content.pop_if(|last| *last == b'\n').is_none();
        LogEntry { time, stream, partial, content: EntryContent::Decoded(content) }
    }
}

impl<'de> Deserialize<'de> for DockerLine<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DockerLineVisitor)
    }
}

struct DockerLineVisitor;

impl<'de> Visitor<'de> for DockerLineVisitor {
    type Value = DockerLine<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    /// `null` sets nothing.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(DockerLine::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut line = DockerLine::default();
        while let Some(key) = map.next_key::<EscapedText<'_>>()? {
            if key.is_name("log") {
                set(&mut line.log, &mut map)?;
            } else if key.is_name("stream") {
                set(&mut line.stream, &mut map)?;
            } else if key.is_name("time") {
                match map.next_value()? {
                    None => {}
                    Some(EscapedText(Cow::Borrowed(time))) => {
                        let time = LineTime::parse(time);
                        line.time = Some(time.ok_or_else(|| A::Error::custom("no time"))?);
                    }
                    // Go reads a time as it is written: one with an escape in it is none.
                    Some(EscapedText(Cow::Owned(_))) => return Err(A::Error::custom("no time")),
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(line)
    }
}

fn set<'de, A: MapAccess<'de>>(field: &mut Cow<'de, [u8]>, map: &mut A) -> Result<(), A::Error> {
    if let Some(EscapedText(text)) = map.next_value()? {
        *field = text;
    }
    Ok(())
}

/// JSON has no control character as such within a string. serde looks for them only in strings that
/// it takes for text.
fn has_control_in_string(line: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ';
    if !line.iter().any(is_control) {
        return false;
    }
    let (mut in_string, mut is_escaped) = (false, false);
    line.iter().any(|byte| {
        let begins_or_ends = *byte == b'"' && !is_escaped;
        is_escaped = in_string && *byte == b'\\' && !is_escaped;
        in_string ^= begins_or_ends;
        in_string && is_control(byte)
    })
}

/// A string, owned if it had to be decoded.
struct EscapedText<'a>(Cow<'a, [u8]>);

impl EscapedText<'_> {
    /// Whether Go takes it for this key: letters count alike in any case, and the long s is an s.
    fn is_name(&self, name: &str) -> bool {
        if *self.0 == *name.as_bytes() {
            return true;
        }
        let fold = |letter: char| if letter == 'ſ' { 's' } else { letter.to_ascii_lowercase() };
        std::str::from_utf8(&self.0).is_ok_and(|key| key.chars().map(fold).eq(name.chars()))
    }
}

impl<'de> Deserialize<'de> for EscapedText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, because serde would refuse a string that is not UTF-8.
        deserializer.deserialize_bytes(EscapedTextVisitor)
    }
}

struct EscapedTextVisitor;

impl<'de> Visitor<'de> for EscapedTextVisitor {
    type Value = EscapedText<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_bytes<E: Error>(self, text: &'de [u8]) -> Result<Self::Value, E> {
        Ok(EscapedText(match std::str::from_utf8(text) {
            Ok(_) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(replace_invalid_utf_8(text)),
        }))
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<Self::Value, E> {
        Ok(EscapedText(Cow::Owned(replace_invalid_utf_8(text))))
    }
}

/// U+FFFD for each byte that is not UTF-8, and for half a surrogate pair, which serde hands over as
/// three bytes.
fn replace_invalid_utf_8(mut bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    while let Some(chunk) = bytes.utf8_chunks().next() {
        let valid = chunk.valid().as_bytes();
        text.extend_from_slice(valid);
        bytes = match &bytes[valid.len()..] {
            [] => return text,
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, rest @ ..] | [_, rest @ ..] => rest,
        };
        text.extend_from_slice("\u{FFFD}".as_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_ends_the_line() {
        let whole = br#"{"log":"a\tb\n","stream":"stderr","time":"2026-11-01T10:00:00.5Z"}"#;
        let entry = parse(whole).unwrap();
        assert_eq!((entry.content(&[]), entry.partial), (&b"a\tb"[..], false));
        assert_eq!(entry.stream, OutputStream::Stderr);

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
            br#"{"log":"a","stream":"stdout"}"#,
            br#"{"log":"a","stream":"stdout","#,
            b"{}",
            b"{\xff}",
        ] {
            assert_eq!(parse(wrong), None);
        }
    }

    /// What is expected is the log, its newline included, the stream, and the time's stamp.
    #[track_caller]
    fn check(line: impl AsRef<[u8]>, expected: Option<(&str, &str, &str)>) {
        let line = line.as_ref();
        let seen = parse_leniently(line).map(|entry| {
            let mut log = String::from_utf8(entry.content(line).to_vec()).unwrap();
            log.extend((!entry.partial).then_some('\n'));
            let stream = match entry.stream {
                Ok(OutputStream::Stdout) => "stdout".to_owned(),
                Ok(OutputStream::Stderr) => "stderr".to_owned(),
                Err(UnknownStream(name)) => String::from_utf8(name).unwrap(),
            };
            let mut stamp = Vec::new();
            entry.time.write_stamp(&mut stamp);
            (log, stream, String::from_utf8(stamp).unwrap())
        });
        let seen = seen.as_ref().map(|(log, stream, time)| (&log[..], &stream[..], &time[..]));
        assert_eq!(seen, expected, "{}", String::from_utf8_lossy(line));
    }

    const NO_TIME: &str = "0001-01-01T00:00:00.000000000Z";

    #[test]
    fn for_the_kubelet_everything_may_be_missing() {
        check("{}", Some(("", "", NO_TIME)));
        check(" null\r\n", Some(("", "", NO_TIME)));
        check("\t{\"log\":\"a\\n\",\"stream\":\"stdin\"} ", Some(("a\n", "stdin", NO_TIME)));
        check(r#"{"log":null,"stream":null,"time":null,"x":{"log":"y"}}"#, Some(("", "", NO_TIME)));
    }

    #[test]
    fn for_the_kubelet_keys_have_any_case_and_the_last_counts() {
        check(
            r#"{"LOG":"a","ſTREAM":"stdout","Time":"2026-11-01T9:00:00,5+01:00"}"#,
            Some(("a", "stdout", "2026-11-01T09:00:00.500000000+01:00")),
        );
        check(
            r#"{"log":"a","Log":"b","lo\u0067":"c","log":null,"stream":"stderr"}"#,
            Some(("c", "stderr", NO_TIME)),
        );
    }

    #[test]
    fn for_the_kubelet_invalid_utf_8_is_replaced() {
        check(b"{\"log\":\"a\xff\xe2\x82b\xe2\x82\xac\"}", Some(("a���b€", "", NO_TIME)));
        check(r#"{"log":"\ud800a\udc00\ud83d\ude00"}"#, Some(("\u{fffd}a\u{fffd}😀", "", NO_TIME)));
    }

    #[test]
    fn for_the_kubelet_other_types_and_other_json_are_refused() {
        for wrong in [
            "",
            "1",
            "[]",
            "\"log\"",
            "{} {}",
            "{",
            r#"{"log":1}"#,
            r#"{"log":["a"]}"#,
            r#"{"stream":{}}"#,
            r#"{"time":0}"#,
            r#"{"time":""}"#,
            r#"{"time":"2026-11-01T10:00:00\u005a"}"#,
            r#"{"x":01}"#,
            "{\"log\":\"a\tb\"}",
        ] {
            check(wrong, None);
        }
    }
}
