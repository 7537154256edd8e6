//! Where the head of a request ends: at an empty line.

use memchr::memchr_iter;

/// Looks for empty lines in the bytes of a connection, however they are cut into pieces.
///
/// It does not know heads from bodies.
#[derive(Debug, Default)]
pub(super) struct HeadEnds {
    line: Line,
}

/// What the current line holds so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    #[default]
    Text,
    /// Nothing.
    Empty,
    /// A carriage return.
    Return,
}

/// A part of the bytes that were looked through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Portion {
    /// In bytes.
    pub(super) length: usize,
    /// Whether a head may end with it.
    pub(super) ends_head: bool,
}

impl HeadEnds {
    /// The beginning of `bytes` up to the first end of a head. Scanning goes on after it.
    pub(super) fn portion(&mut self, bytes: &[u8]) -> Portion {
        match self.next_end(bytes) {
            Some(end) => Portion { length: end, ends_head: true },
            None => Portion { length: bytes.len(), ends_head: false },
        }
    }

    /// The offset behind the next empty line.
    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for newline in memchr_iter(b'\n', bytes) {
            if self.after(&bytes[start..newline]) != Line::Text {
                self.line = Line::Text;
                return Some(newline + 1);
            }
            self.line = Line::Empty;
            start = newline + 1;
        }
        self.line = self.after(&bytes[start..]);
        None
    }

    /// What the current line holds when `text` was added to it.
    fn after(&self, text: &[u8]) -> Line {
        match (self.line, text) {
            (line, []) => line,
            (Line::Empty, b"\r") => Line::Return,
            _ => Line::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The portions of `text` when it comes in pieces of `piece` bytes.
    fn portions(text: &str, piece: usize) -> Vec<(&str, bool)> {
        let mut ends = HeadEnds::default();
        let (mut portions, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let end = text.len().min(start + piece);
            let portion = ends.portion(&text.as_bytes()[start..end]);
            portions.push((&text[start..start + portion.length], portion.ends_head));
            start += portion.length;
        }
        portions
    }

    #[test]
    fn a_head_is_one_portion() {
        for text in ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\n"] {
            assert_eq!(portions(text, 100), [(text, true)]);
        }
        let expected = [("POST / HTTP/1.1\r\n\r\n", true), ("{}\n", false)];
        assert_eq!(portions("POST / HTTP/1.1\r\n\r\n{}\n", 100), expected);
        assert_eq!(portions("GET / HTTP/1.1\r\nhost: a\r\n", 100).len(), 1);
        assert!(!portions("GET / HTTP/1.1\r\nhost: a\r\n", 100)[0].1);
    }

    #[test]
    fn each_of_several_heads_is_a_portion() {
        let text = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\n\nGET /3 HTTP/1.1\n\r\nGET /4";
        let expected = [
            ("GET /1 HTTP/1.1\r\n\r\n", true),
            ("GET /2 HTTP/1.1\n\n", true),
            ("GET /3 HTTP/1.1\n\r\n", true),
            ("GET /4", false),
        ];
        assert_eq!(portions(text, 1000), expected);
    }

    #[test]
    fn an_empty_line_is_found_however_the_bytes_are_cut() {
        let text = "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n\r\n\n\nx\r\ry\n\r\n";
        for piece in 1..text.len() {
            let ended = portions(text, piece).iter().filter(|(_, ends_head)| *ends_head).count();
            assert!((4..=5).contains(&ended), "{piece}: {ended}");
        }
        assert_eq!(portions(text, 1).iter().filter(|(_, ends_head)| *ends_head).count(), 4);
    }
}
