//! `kubectl sso login`: begins a session and saves it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    authority::{AuthorityClient, TrustedCas},
    authority_url::AuthorityUrl,
    clock::Clock,
    error::CommandError,
    login::{in_browser, on_another_machine},
    login_store::LoginStore,
    prompt,
    saved_login::SavedLogin,
};

/// The arguments of the command.
#[derive(Debug)]
pub(crate) struct LogIn {
    pub(crate) sso: AuthorityUrl,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) method: LogInMethod,
}

/// How the user logs in.
#[derive(Debug)]
pub(crate) enum LogInMethod {
    /// With a password. What is not given is asked for.
    Password { username: Option<String>, password_file: Option<PathBuf> },
    /// In a browser of this machine.
    Browser,
    /// In a browser of any machine.
    Device,
}

/// Logs in, saves the session below `state_home`, and returns the text to print.
pub(crate) async fn login(
    state_home: &Path,
    arguments: LogIn,
    clock: &dyn Clock,
) -> Result<String, CommandError> {
    let LogIn { sso, ca, method } = arguments;
    // Checked first, before the user logs in.
    let store = LoginStore::create(state_home)?;
    let ca = match ca {
        Some(file) => Some(read_ca(file)?),
        None => store.remembered_ca(&sso)?,
    };
    let failed = |cause| CommandError::of_log_in(&sso, cause);
    let authority = AuthorityClient::new(&sso, ca.as_deref(), clock).map_err(failed)?;
    let session = match method {
        LogInMethod::Password { username, password_file } => {
            let username = username.map_or_else(prompt::username, Ok)?;
            let password = prompt::password(password_file.as_deref())?;
            authority.log_in(&username, &password).await.map_err(failed)?
        }
        LogInMethod::Browser => in_browser(&authority, &sso).await?,
        LogInMethod::Device => on_another_machine(&authority, &sso).await?,
    };
    let message = format!(
        "Logged in at {sso} as {}; renewable until {}.\n",
        session.username,
        session.refresh_expires_at.format("%F %T UTC")
    );
    let saved = SavedLogin { sso, ca, session };
    store.lock(&saved.sso).await?.replace(&saved)?;
    Ok(message)
}

/// The content of a bundle of certificate authorities in PEM.
pub(super) fn read_ca(path: PathBuf) -> Result<String, CommandError> {
    match fs::read_to_string(&path) {
        Ok(pem) => match TrustedCas::from_pem(pem.as_bytes()) {
            Ok(_) => Ok(pem),
            Err(fault) => Err(CommandError::InvalidBundle { path, fault }),
        },
        Err(cause) => Err(CommandError::File { path, cause }),
    }
}
