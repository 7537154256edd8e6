//! A password from a file, a terminal or standard input.

use std::{
    io::{IsTerminal, stdin},
    path::Path,
};

use service_runtime::password;
use zeroize::Zeroizing;

use crate::{shell::error::AdminError, users::Password};

/// Reads a password: from the file, else from standard input. A terminal asks twice.
///
/// # Errors
/// When it cannot be read, is too long, or the two typed passwords differ.
pub(in crate::shell) fn read_password(file: Option<&Path>) -> Result<Password, AdminError> {
    let typed = match file {
        Some(path) => password::from_file(path)
            .map_err(|cause| AdminError::PasswordFile { path: path.to_owned(), cause })?,
        None if stdin().is_terminal() => prompt_twice()?,
        None => password::from_line(stdin().lock())?,
    };
    Ok(Password::normalise(&typed)?)
}

fn prompt_twice() -> Result<Zeroizing<String>, AdminError> {
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let password = ask("Password: ")?;
    if *ask("Repeat the password: ")? == *password {
        Ok(password)
    } else {
        Err(AdminError::Mistyped)
    }
}
