//! Escape sequences of terminals (ECMA-48), which colour a line and are no part of its text.
//!
//! ```text
//! sequence = ESC "[" *( 0x20-0x3F ) 0x40-0x7E          ; CSI
//!          / ESC "]" *( any ) ( BEL / ESC "\" )        ; OSC
//!          / ESC *( 0x20-0x2F ) 0x30-0x7E              ; others
//! ```

use std::ops::Range;

use memchr::{memchr, memchr2};

const ESC: u8 = 0x1B;
const BEL: u8 = 0x07;

/// The text without its escape sequences, in the buffer if it has any.
pub(crate) fn without_escapes<'a>(text: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if memchr(ESC, text).is_none() {
        return text;
    }
    buffer.clear();
    plain_parts(text).for_each(|part| buffer.extend_from_slice(&text[part]));
    buffer
}

/// The parts of the text between escape sequences.
pub(crate) fn plain_parts(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            let end = memchr(ESC, &text[start..]).map_or(text.len(), |found| start + found);
            at = end + escape_length(&text[end..]);
            if end > start {
                return Some(start..end);
            }
        }
        None
    })
}

/// How long the sequence is with which the text begins.
fn escape_length(text: &[u8]) -> usize {
    match text {
        [] => 0,
        [ESC, b'[', rest @ ..] => {
            let parameters = rest.iter().take_while(|byte| matches!(byte, 0x20..=0x3F)).count();
            2 + parameters + usize::from(matches!(rest.get(parameters), Some(0x40..=0x7E)))
        }
        [ESC, b']', rest @ ..] => match memchr2(BEL, ESC, rest) {
            Some(end) if rest[end..].starts_with(b"\x1B\\") => 2 + end + 2,
            Some(end) if rest[end] == BEL => 2 + end + 1,
            // Another sequence begins where this one should end.
            Some(end) => 2 + end,
            None => text.len(),
        },
        [_, rest @ ..] => {
            let between = rest.iter().take_while(|byte| matches!(byte, 0x20..=0x2F)).count();
            1 + between + usize::from(matches!(rest.get(between), Some(0x30..=0x7E)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut buffer = Vec::new();
        let plain = without_escapes(text.as_bytes(), &mut buffer);
        assert_eq!(String::from_utf8_lossy(plain), expected, "{text:?}");
    }

    #[test]
    fn colours_and_links_are_no_part_of_a_text() {
        check("plain", "plain");
        check("\x1B[31mred\x1B[0m", "red");
        check("\x1B[1;38;5;196mer\x1B[0mror", "error");
        check("\x1B[Kerased", "erased");
        check("\x1B]8;;http://x/\x07link\x1B]8;;\x1B\\", "link");
        check("\x1B(Bcharset", "charset");
        check("\x1B7saved", "saved");
    }

    #[test]
    fn a_broken_sequence_ends_with_what_cannot_belong_to_it() {
        check("\x1B", "");
        check("\x1B[", "");
        check("\x1B[31", "");
        check("\x1B[31\u{e9}", "\u{e9}");
        check("\x1B\u{e9}", "\u{e9}");
        check("\x1B]0;title", "");
        check("\x1B]0;title\x1B[31mred", "red");
        check("\x1B\x1B[31mred", "red");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(text in "[\x1B\x07\\[\\]\\\\;m0-9a(é]{0,40}") {
            let parts: Vec<_> = plain_parts(text.as_bytes()).collect();
            prop_assert!(parts.iter().all(|part| memchr(ESC, &text.as_bytes()[part.clone()]).is_none()));
            prop_assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
