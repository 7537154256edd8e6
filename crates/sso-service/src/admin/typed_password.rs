//! A password from a file, from a person, or from whatever standard input is.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read, stdin},
    path::Path,
};

use zeroize::Zeroizing;

use super::error::AdminError;
use crate::users::{HashMemory, Password, PasswordHash, PasswordRules, Username, hash_password};

/// The most that is read in search of a password, in bytes.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Reads a password for the user, and hashes it if it is good enough.
pub(super) fn read_and_hash(
    file: Option<&Path>,
    username: &Username,
    rules: PasswordRules,
) -> Result<PasswordHash, AdminError> {
    let password = Password::normalise(&read_password(file)?)?;
    rules.check(&password, username)?;
    Ok(hash_password(&password, &mut HashMemory::default())?)
}

fn read_password(file: Option<&Path>) -> Result<Zeroizing<String>, AdminError> {
    match file {
        Some(path) if path == Path::new("-") => Ok(read_all(stdin().lock())?),
        Some(path) => {
            let read = File::open(path).and_then(read_all);
            read.map_err(|cause| AdminError::PasswordFile { path: path.to_owned(), cause })
        }
        None if stdin().is_terminal() => ask_twice(),
        None => Ok(read_line(stdin().lock())?),
    }
}

fn ask_twice() -> Result<Zeroizing<String>, AdminError> {
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let password = ask("Password: ")?;
    if *ask("The same again: ")? == *password { Ok(password) } else { Err(AdminError::Mistyped) }
}

/// All of it but one line end.
fn read_all(source: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_to_string(&mut text)?;
    Ok(without_line_end(text))
}

fn read_line(source: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_line(&mut text)?;
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
            |text: &str| (read_all(text.as_bytes()).unwrap(), read_line(text.as_bytes()).unwrap());
        for (text, all, line) in [
            ("a b\n", "a b", "a b"),
            ("a b\r\n", "a b", "a b"),
            (" a b ", " a b ", " a b "),
            ("a\n\n", "a\n", "a"),
            ("a\nb\n", "a\nb", "a"),
            ("", "", ""),
        ] {
            let (read_all, read_line) = read(text);
            assert_eq!((read_all.as_str(), read_line.as_str()), (all, line), "{text:?}");
        }
    }
}
