//! A line as text, and text as JSON.

use std::borrow::Cow;

use super::objects::write_json;
use crate::line::{
    log_line::{LineEnding, LogLine},
    target::LogName,
};

/// What stands before a line of text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextBefore<'a> {
    /// The end of the line before.
    pub(super) owes_newline: bool,
    /// The log of the line.
    pub(super) log: Option<&'a LogName>,
    /// The time of the line.
    pub(super) timestamp: bool,
}

/// Writes a line, up to what the limit leaves. How many bytes were written is the answer.
pub(super) fn write_text(
    line: &LogLine<'_>,
    before: TextBefore<'_>,
    left: &mut Option<u64>,
    out: &mut Vec<u8>,
) -> u64 {
    let start = out.len();
    if before.owes_newline {
        out.push(b'\n');
    }
    if let Some(LogName { pod, container, .. }) = before.log {
        for (name, end) in
            [(pod.namespace.as_str(), b'/'), (pod.pod.as_str(), b'/'), (container.as_str(), b' ')]
        {
            out.extend_from_slice(name.as_bytes());
            out.push(end);
        }
    }
    if before.timestamp && !line.is_continuation {
        line.time.write_stamp(out);
        out.push(b' ');
    }
    out.extend_from_slice(line.content);
    if line.ending == LineEnding::Newline {
        out.push(b'\n');
    }
    let kept = take_from(left, (out.len() - start) as u64);
    // What is cut off was just written, so it fits.
    out.truncate(start + kept as usize);
    kept
}

/// Takes as much of the wanted as is left.
pub(super) fn take_from(left: &mut Option<u64>, wanted: u64) -> u64 {
    let Some(left) = left else {
        return wanted;
    };
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

/// Writes text as a JSON string.
pub(super) fn write_json_string(text: &str, out: &mut Vec<u8>) {
    // Characters that have to be escaped (RFC 8259, §7) are looked for in many bytes at once. A text
    // without any, as most plain lines are, is copied.
    let has_escaped = |bytes: &[u8]| {
        bytes.iter().fold(false, |found, byte| found | matches!(byte, ..0x20 | b'"' | b'\\'))
    };
    if text.as_bytes().chunks(32).any(has_escaped) {
        write_json(out, &text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

/// Writes text as the inside of a JSON string.
pub(super) fn write_json_text(text: &[u8], quoted: &mut Vec<u8>, out: &mut Vec<u8>) {
    quoted.clear();
    quoted.reserve(text.len() + text.len() / 8 + 2);
    // Most text is UTF-8, and that is found out faster than what of it is not.
    let text = str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed);
    write_json_string(&text, quoted);
    out.extend_from_slice(&quoted[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_is_escaped_where_it_has_to_be(
            text in "([ -~]{0,70}[\u{0}-\u{30}\"\\\\\u{7f}-\u{ff}]?){0,3}",
        ) {
            let mut out = Vec::new();
            write_json_string(&text, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }
}
