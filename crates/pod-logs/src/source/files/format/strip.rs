//! Many usual lines at once.
//!
//! Nearly every line of a node is in the CRI format, whole, and has a time in UTC of nine digits:
//! its content begins at the same byte as that of its neighbours. Such lines are stripped in one
//! tight loop, several times as fast as one by one.

use memchr::memchr_iter;

use crate::line::time::LineTime;

/// `2026-11-01T10:00:00.000000000Z stdout F `
const PREFIX_BYTES: usize = 40;
/// Of the time.
const TIME_BYTES: usize = 30;
/// Of the time, up to the colon before the seconds.
const MINUTE_BYTES: usize = 17;
/// Of the time, up to the point behind the seconds.
const SECONDS_END: usize = 19;

/// How many lines were stripped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StrippedLines {
    /// Their bytes in the file.
    pub bytes: usize,
    /// Their number.
    pub lines: u64,
}

/// Appends what containers wrote with these lines, newlines included, up to the first line that is
/// none of the usual ones.
pub fn strip_usual_lines(lines: &[u8], out: &mut Vec<u8>) -> StrippedLines {
    for_usual_lines(lines, |content| out.extend_from_slice(content))
}

/// Counts the lines that [`strip_usual_lines`] would strip.
pub(crate) fn count_usual_lines(lines: &[u8]) -> StrippedLines {
    for_usual_lines(lines, |_| ())
}

fn for_usual_lines(lines: &[u8], mut take: impl FnMut(&[u8])) -> StrippedLines {
    let mut known = KnownMinute::default();
    let (mut start, mut count) = (0, 0);
    for newline in memchr_iter(b'\n', lines) {
        match lines[start..=newline].split_first_chunk::<PREFIX_BYTES>() {
            Some((prefix, content)) if is_usual(prefix, &mut known) => {
                take(content);
            }
            _ => break,
        }
        start = newline + 1;
        count += 1;
    }
    StrippedLines { bytes: start, lines: count }
}

fn is_usual(prefix: &[u8; PREFIX_BYTES], known: &mut KnownMinute) -> bool {
    let Some((time, rest)) = prefix.split_first_chunk() else {
        return false;
    };
    (rest == b" stdout F " || rest == b" stderr F ") && known.has(time)
}

/// The minute of a line that was read in full: most lines share it with the line before.
#[derive(Default)]
struct KnownMinute([u8; MINUTE_BYTES]);

impl KnownMinute {
    /// Whether that is a time, of the usual form.
    fn has(&mut self, time: &[u8; TIME_BYTES]) -> bool {
        let Some((minute, seconds)) = time.split_first_chunk() else {
            return false;
        };
        if minute == &self.0 {
            return are_seconds(seconds);
        }
        let is_time = time[SECONDS_END] == b'.' && LineTime::parse(time).is_some();
        if is_time {
            self.0 = *minute;
        }
        is_time
    }
}

/// Whether that is like `59.000000000Z`. Without a branch for each byte.
fn are_seconds(text: &[u8]) -> bool {
    const SHAPE: [u8; TIME_BYTES - MINUTE_BYTES] = *b"00.000000000Z";
    let has_place = |(byte, shape): (&u8, u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => *byte == shape,
    };
    let has_shape = text.iter().zip(SHAPE).fold(true, |fits, place| fits & has_place(place));
    has_shape & (text.len() == SHAPE.len()) & text.first().is_some_and(|tens| *tens < b'6')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::files::format::entry::LogEntry;

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let usual =
            "2026-11-0[0-3]T10:0[01]:[0567][0-9]\\.[0-9]{8}[0-9Z]Z? std(out|err) [FP] [a-z ]{0,9}";
        let odd = "2026-11-01T[0-9]{1,2}:00:0[0-9][.,]?[0-9]{0,12}(Z|\\+01:00) (stdout|x) F ?";
        prop_oneof![4 => usual.prop_map(String::into_bytes), 1 => odd.prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..60)]
    }

    proptest! {
        #[test]
        fn strip_gives_the_content_that_each_line_parses_to(lines in prop::collection::vec(line(), 0..20)) {
            let mut content = lines.join(&b'\n');
            content.push(b'\n');
            let mut out = Vec::new();
            let stripped = strip_usual_lines(&content, &mut out);
            prop_assert_eq!(count_usual_lines(&content), stripped);
            let mut expected = Vec::new();
            let taken = content[..stripped.bytes].split(|byte| *byte == b'\n').count() - 1;
            prop_assert_eq!(stripped.lines, taken as u64);
            for line in content[..stripped.bytes].split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").unwrap();
                let entry = LogEntry::parse(line).unwrap();
                prop_assert!(!entry.partial);
                expected.extend_from_slice(entry.content(line));
                expected.push(b'\n');
            }
            prop_assert_eq!(out, expected);
        }
    }

    #[test]
    fn strip_stops_before_the_first_unusual_line() {
        let usual =
            "2026-11-01T10:00:00.123456789Z stdout F a\n2026-11-01T10:00:00.223456789Z stderr F \n";
        for other in [
            "2026-11-01T10:00:00.123456789Z stdout P a\n",
            "2026-11-01T10:00:00.12345678xZ stdout F a\n",
            "2026-11-01T10:00:00Z stdout F a\n",
            "2026-13-01T10:00:00.123456789Z stdout F a\n",
            "2026-11-01T10:00:60.123456789Z stdout F a\n",
            "2026-11-01T10:00:0:.123456789Z stdout F a\n",
            "2026-11-01T10:00:00,123456789Z stdout F a\n",
            "not finished",
            "",
        ] {
            let mut out = Vec::new();
            let lines = [usual, other, usual].concat();
            let stripped = strip_usual_lines(lines.as_bytes(), &mut out);
            let of = |bytes, lines| StrippedLines { bytes, lines };
            if other.is_empty() {
                assert_eq!((stripped, &out[..]), (of(2 * usual.len(), 4), &b"a\n\na\n\n"[..]));
            } else {
                assert_eq!((stripped, &out[..]), (of(usual.len(), 2), &b"a\n\n"[..]), "{other}");
            }
        }
    }
}
