//! Reads the user name and the password from a terminal or a file.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read, Write, stderr, stdin},
    path::Path,
};

use zeroize::Zeroizing;

use crate::error::CommandError;

/// Longer than any user name.
const MAX_USERNAME_BYTES: u64 = 1024;
/// The largest password file, in bytes.
const MAX_PASSWORD_FILE_BYTES: u64 = 64 * 1024;

/// Whether a person is at the terminal.
pub(crate) fn has_terminal() -> bool {
    stdin().is_terminal()
}

/// Asks for the user name at the terminal.
pub(crate) fn username() -> Result<String, CommandError> {
    if !has_terminal() {
        return Err(CommandError::NoUsername);
    }
    let ask = || -> io::Result<String> {
        write!(stderr(), "Username: ")?;
        let mut name = String::new();
        Read::take(stdin().lock(), MAX_USERNAME_BYTES).read_line(&mut name)?;
        Ok(name.trim().to_owned())
    };
    ask().map_err(CommandError::Terminal)
}

/// The password in a file, or in standard input as `-`; without a file asks at the terminal, which
/// does not show it.
pub(crate) fn password(file: Option<&Path>) -> Result<Zeroizing<String>, CommandError> {
    match file {
        Some(path) => password_in_file(path)
            .map_err(|cause| CommandError::File { path: path.to_owned(), cause }),
        None if has_terminal() => {
            let asked = rpassword::prompt_password("Password: ");
            asked.map(Zeroizing::new).map_err(CommandError::Terminal)
        }
        None => Err(CommandError::NoPassword),
    }
}

fn password_in_file(path: &Path) -> io::Result<Zeroizing<String>> {
    if path == Path::new("-") { only_line(stdin().lock()) } else { only_line(File::open(path)?) }
}

/// The only line of a text, without its end.
fn only_line(source: impl Read) -> io::Result<Zeroizing<String>> {
    let invalid = |fault: &str| io::Error::new(io::ErrorKind::InvalidData, fault);
    let mut text = Zeroizing::new(String::with_capacity(1024));
    source.take(MAX_PASSWORD_FILE_BYTES).read_to_string(&mut text)?;
    if text.starts_with('\u{feff}') {
        return Err(invalid("it begins with a byte order mark (BOM)"));
    }
    let without_newline = text.strip_suffix('\n').unwrap_or(&text);
    let length = without_newline.strip_suffix('\r').unwrap_or(without_newline).len();
    if text[..length].contains(['\n', '\r']) {
        return Err(invalid("it has more than one line"));
    }
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_line_is_not_part_of_a_password() {
        for (text, password) in
            [("a b\n", "a b"), ("a b\r\n", "a b"), (" a b ", " a b "), ("", ""), ("\n", "")]
        {
            assert_eq!(only_line(text.as_bytes()).unwrap().as_str(), password, "{text:?}");
        }
        for text in ["a\n\n", "a\nb\n", "\u{feff}a\n"] {
            assert!(only_line(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
