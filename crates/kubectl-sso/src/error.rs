//! The errors of commands, with advice for the user.

use std::{io, path::PathBuf};

use crate::{
    authority::{AuthorityError, InvalidBundle},
    authority_url::AuthorityUrl,
    state::StateError,
};

/// The error of a command. The message is the only line that it prints.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("no directory for the state: set HOME, or XDG_STATE_HOME to an absolute path")]
    NoStateHome,
    #[error(transparent)]
    State(#[from] StateError),
    #[error("not logged in; run: kubectl sso login --sso URL")]
    NoLogin,
    #[error("logged in at several authorities; add one of: {}", options(.0))]
    SeveralLogins(Vec<AuthorityUrl>),
    #[error("not logged in at {0}; run: kubectl sso login --sso {0}")]
    NotLoggedIn(AuthorityUrl),
    #[error("the saved log-in at {0} cannot be read; run: kubectl sso login --sso {0}")]
    UnreadableLogin(AuthorityUrl),
    #[error("the session at {0} has ended; run: kubectl sso login --sso {0}")]
    SessionOver(AuthorityUrl),
    #[error(
        "the session at {0} was ended because its refresh token was used twice, perhaps by a \
         thief; run: kubectl sso login --sso {0}"
    )]
    RefreshTokenReused(AuthorityUrl),
    #[error("{sso} is unavailable: {cause}; you are still logged in, try again later")]
    Unknown { sso: AuthorityUrl, cause: Box<AuthorityError> },
    #[error("cannot log in at {sso}: {cause}")]
    LogIn { sso: AuthorityUrl, cause: Box<AuthorityError> },
    #[error("{0} has no log-in in a browser; run: kubectl sso login --sso {0} --password")]
    NoBrowserLogIn(AuthorityUrl),
    #[error("the log-in was refused in the browser")]
    Denied,
    #[error("the log-in failed in the browser: {0}")]
    InBrowser(String),
    #[error("nobody logged in in time; run the command again")]
    NotInTime,
    #[error("cannot wait for the browser: {0}")]
    Loopback(io::Error),
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    #[error("the user name or the password is wrong, or log-in is not possible right now")]
    WrongCredentials,
    #[error("cannot read {}: {cause}", .path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("{} {fault}", .path.display())]
    InvalidBundle { path: PathBuf, fault: InvalidBundle },
    #[error("cannot read from the terminal: {0}")]
    Terminal(io::Error),
    #[error("no terminal to ask for the user name; add --username NAME")]
    NoUsername,
    #[error("no terminal to ask for the password; add --password-file FILE")]
    NoPassword,
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot run kubectl: {0}")]
    NoKubectl(io::Error),
    #[error("kubectl config failed: {0}")]
    Kubectl(String),
    #[error("cannot write the certificate authorities for kubectl: {0}")]
    TemporaryFile(io::Error),
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl CommandError {
    /// The error of a session that was not renewed.
    pub(crate) fn of_refresh(sso: &AuthorityUrl, cause: AuthorityError) -> Self {
        match cause {
            AuthorityError::Refused(answer) if answer.status == 401 => match answer.code.as_deref()
            {
                Some("refresh_reused") => Self::RefreshTokenReused(sso.clone()),
                _ => Self::SessionOver(sso.clone()),
            },
            cause => Self::unknown(sso, cause),
        }
    }

    /// The error of a log-in that failed.
    pub(crate) fn of_log_in(sso: &AuthorityUrl, cause: AuthorityError) -> Self {
        match cause {
            AuthorityError::Refused(answer) if answer.status == 401 => Self::WrongCredentials,
            cause => Self::LogIn { sso: sso.clone(), cause: cause.into() },
        }
    }

    /// The error of a log-in in a browser that failed.
    pub(crate) fn of_browser(sso: &AuthorityUrl, cause: AuthorityError) -> Self {
        match cause {
            AuthorityError::Refused(answer) if answer.status == 404 => {
                Self::NoBrowserLogIn(sso.clone())
            }
            cause => Self::LogIn { sso: sso.clone(), cause: cause.into() },
        }
    }

    /// The error of an authority that is unavailable.
    pub(crate) fn unknown(sso: &AuthorityUrl, cause: AuthorityError) -> Self {
        Self::Unknown { sso: sso.clone(), cause: cause.into() }
    }

    /// Whether a live token may be used despite the error.
    pub(crate) fn leaves_the_session_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::State(_))
    }
}

fn options(authorities: &[AuthorityUrl]) -> String {
    authorities.iter().map(|sso| format!("--sso {sso}")).collect::<Vec<_>>().join(", ")
}
