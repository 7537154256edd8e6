//! What a person at a terminal is asked for.

use std::{
    io::{self, BufRead, IsTerminal, Write, stderr, stdin},
    path::Path,
};

use service_runtime::password;
use zeroize::Zeroizing;

use super::failure::Failure;

/// Longer than any user name.
const MAX_USERNAME_BYTES: u64 = 1024;

pub(super) fn username() -> Result<String, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::NoUsername);
    }
    let ask = || -> io::Result<String> {
        write!(stderr(), "Username: ")?;
        let mut name = String::new();
        io::Read::take(stdin().lock(), MAX_USERNAME_BYTES).read_line(&mut name)?;
        Ok(name.trim().to_owned())
    };
    ask().map_err(Failure::Terminal)
}

/// From a file, from standard input as `-`, or from a person, who does not see it.
pub(super) fn password(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    match file {
        Some(path) => {
            let failed = |cause| Failure::File { path: path.to_owned(), cause };
            password::from_file(path).map_err(failed)
        }
        None if stdin().is_terminal() => {
            let asked = rpassword::prompt_password("Password: ");
            asked.map(Zeroizing::new).map_err(Failure::Terminal)
        }
        None => Err(Failure::NoPassword),
    }
}
