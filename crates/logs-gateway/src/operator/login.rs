//! `logs-gateway login`: begins a session and keeps it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use service_runtime::{clock::Clock, tls::Trust};

use super::{
    authority::Authority, failure::Failure, kept::Kept, prompt, sso_url::SsoUrl,
    state::StateDirectory,
};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct LogIn {
    pub(crate) sso: SsoUrl,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) username: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
}

/// Logs in, keeps the session in `state_home`, and tells what to say about it.
pub(crate) async fn login(
    state_home: &Path,
    log_in: LogIn,
    clock: &dyn Clock,
) -> Result<String, Failure> {
    let LogIn { sso, ca, username, password_file } = log_in;
    // Before anybody types a password for nothing.
    let directory = StateDirectory::create(state_home)?;
    let ca = match ca {
        Some(file) => Some(read_ca(file)?),
        None => remembered_ca(&directory, &sso)?,
    };
    let failed = |cause| Failure::of_log_in(&sso, cause);
    let authority = Authority::new(&sso, ca.as_deref(), clock).map_err(failed)?;
    let username = username.map_or_else(prompt::username, Ok)?;
    let password = prompt::password(password_file.as_deref())?;
    let session = authority.log_in(&username, &password).await.map_err(failed)?;
    let said = format!(
        "Logged in at {sso} as {}; may be renewed until {}.\n",
        session.username,
        session.refresh_expires_at.format("%F %T UTC")
    );
    let lock = directory.lock(&sso.hash()).await?;
    lock.replace(&Kept { sso: sso.clone(), ca, session }.to_json()?)?;
    Ok(said)
}

/// Those given at the log-in before.
fn remembered_ca(directory: &StateDirectory, sso: &SsoUrl) -> Result<Option<String>, Failure> {
    let json = directory.read(&sso.hash())?;
    Ok(json.and_then(|json| Kept::from_json(&json)).and_then(|kept| kept.ca))
}

fn read_ca(path: PathBuf) -> Result<String, Failure> {
    match fs::read_to_string(&path) {
        Ok(pem) => match Trust::in_pem(pem.as_bytes()) {
            Ok(_) => Ok(pem),
            Err(fault) => Err(Failure::Ca { path, fault }),
        },
        Err(cause) => Err(Failure::File { path, cause }),
    }
}
