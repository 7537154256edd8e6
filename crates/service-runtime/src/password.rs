//! A password that is read rather than typed.

use std::{
    fs::File,
    io::{self, BufRead, Read, stdin},
    path::Path,
};

use zeroize::Zeroizing;

/// The most that is read in search of a password, in bytes.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// All that is in a file, or in standard input as `-`, but one line end.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn from_file(path: &Path) -> io::Result<Zeroizing<String>> {
    if path == Path::new("-") { read_all(stdin().lock()) } else { read_all(File::open(path)?) }
}

/// The first line.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn from_line(source: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_line(&mut text)?;
    Ok(without_line_end(text))
}

fn read_all(source: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_to_string(&mut text)?;
    Ok(without_line_end(text))
}

fn without_line_end(mut text: Zeroizing<String>) -> Zeroizing<String> {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_not_part_of_a_password() {
        let read =
            |text: &str| (read_all(text.as_bytes()).unwrap(), from_line(text.as_bytes()).unwrap());
        for (text, all, line) in [
            ("a b\n", "a b", "a b"),
            ("a b\r\n", "a b", "a b"),
            (" a b ", " a b ", " a b "),
            ("a\n\n", "a\n", "a"),
            ("a\nb\n", "a\nb", "a"),
            ("", "", ""),
        ] {
            let (read_all, from_line) = read(text);
            assert_eq!((read_all.as_str(), from_line.as_str()), (all, line), "{text:?}");
        }
    }
}
