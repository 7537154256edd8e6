//! Bytes as Go's `%q` writes them.

use std::fmt::{self, Display, Write};

/// Writes bytes between double quotes. Letters stay; what cannot be printed is escaped.
pub struct GoQuoted<'a>(pub &'a [u8]);

impl Display for GoQuoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            chunk.valid().chars().try_for_each(|letter| write_letter(formatter, letter))?;
            chunk.invalid().iter().try_for_each(|byte| write!(formatter, "\\x{byte:02x}"))?;
        }
        formatter.write_char('"')
    }
}

fn write_letter(formatter: &mut fmt::Formatter<'_>, letter: char) -> fmt::Result {
    let short = match letter {
        '"' | '\\' => letter,
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0C' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x0B' => 'v',
        _ if is_printable(letter) => return formatter.write_char(letter),
        '\0'..' ' | '\x7F' => return write!(formatter, "\\x{:02x}", u32::from(letter)),
        ..='\u{FFFF}' => return write!(formatter, "\\u{:04x}", u32::from(letter)),
        _ => return write!(formatter, "\\U{:08x}", u32::from(letter)),
    };
    write!(formatter, "\\{short}")
}

/// Letters, marks, numbers, punctuation, symbols and the blank, in Rust as in Go.
fn is_printable(letter: char) -> bool {
    if letter == '\'' {
        return true;
    }
    // Behind another letter Rust escapes a mark only if it cannot be printed.
    let mut text = [b'a'; 5];
    let length = 1 + letter.encode_utf8(&mut text[1..]).len();
    std::str::from_utf8(&text[..length]).is_ok_and(|text| text.escape_debug().nth(2).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(GoQuoted(bytes).to_string(), expected);
    }

    #[test]
    fn letters_stay_and_the_rest_is_escaped() {
        check(b"a b\"\\'/", r#""a b\"\\'/""#);
        check(b"\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#);
        check(b"\0\x1b\x7f", r#""\x00\x1b\x7f""#);
        check("ä€😀e\u{301}".as_bytes(), "\"ä€😀e\u{301}\"");
        check("\u{301}\u{fffd}".as_bytes(), "\"\u{301}\u{fffd}\"");
        check(
            "\u{80}\u{a0}\u{ad}\u{2028}\u{feff}".as_bytes(),
            r#""\u0080\u00a0\u00ad\u2028\ufeff""#,
        );
        check("\u{e0001}\u{f0000}".as_bytes(), r#""\U000e0001\U000f0000""#);
        check(b"a\xff\xe2\x82b\xed\xa0\x80", r#""a\xff\xe2\x82b\xed\xa0\x80""#);
    }
}
