//! A password from a file, from a person, or from whatever standard input is.

use std::{
    io::{IsTerminal, stdin},
    path::Path,
};

use service_runtime::password;
use zeroize::Zeroizing;

use super::error::AdminError;
use crate::users::{HashMemory, Password, PasswordHash, PasswordRules, Username, hash_password};

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
        Some(path) => password::from_file(path)
            .map_err(|cause| AdminError::PasswordFile { path: path.to_owned(), cause }),
        None if stdin().is_terminal() => ask_twice(),
        None => Ok(password::from_line(stdin().lock())?),
    }
}

fn ask_twice() -> Result<Zeroizing<String>, AdminError> {
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let password = ask("Password: ")?;
    if *ask("The same again: ")? == *password { Ok(password) } else { Err(AdminError::Mistyped) }
}
