//! A password that is read rather than typed.

use std::{
    fs::File,
    io::{self, BufRead, Read, stdin},
    path::Path,
};

use zeroize::Zeroizing;

use crate::settings::one_line;

/// The longest input that is read, in bytes.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Reads the only line of a file, or of standard input for `-`, without its line end.
///
/// # Errors
/// When it cannot be read, is not UTF-8, has more than one line, or begins with a byte order mark.
pub fn from_file(path: &Path) -> io::Result<Zeroizing<String>> {
    if path == Path::new("-") { read_all(stdin().lock()) } else { read_all(File::open(path)?) }
}

/// Reads the first line, without its line end.
///
/// # Errors
/// When it cannot be read, is not UTF-8, or begins with a byte order mark.
pub fn from_line(source: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_line(&mut text)?;
    single_line(text)
}

fn read_all(source: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_to_string(&mut text)?;
    single_line(text)
}

fn single_line(mut text: Zeroizing<String>) -> io::Result<Zeroizing<String>> {
    let invalid = |fault| io::Error::new(io::ErrorKind::InvalidData, format!("it {fault}"));
    let length = one_line(&text).map_err(invalid)?.len();
    text.truncate(length);
    Ok(text)
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
            ("", "", ""),
        ] {
            let (read_all, from_line) = read(text);
            assert_eq!((read_all.as_str(), from_line.as_str()), (all, line), "{text:?}");
        }
        assert_eq!(from_line("a\nb\n".as_bytes()).unwrap().as_str(), "a");
        for text in ["a\n\n", "a\nb\n", "\u{feff}a\n"] {
            let fault = read_all(text.as_bytes()).unwrap_err().to_string();
            assert!(fault.starts_with("it ") && fault.contains("printf"), "{fault}");
        }
    }
}
