//! Why the operator does not get what was asked for, and what to do about it.

use std::{io, path::PathBuf};

use service_runtime::tls::BundleFault;

use super::{authority::AskError, sso_url::SsoUrl, state::StateError};

/// Nothing was printed that anybody could use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no directory for the state: set HOME, or XDG_STATE_HOME to an absolute path")]
    NoStateHome,
    #[error(transparent)]
    State(#[from] StateError),
    #[error("not logged in; run: logs-gateway login --sso URL")]
    NowhereLoggedIn,
    #[error("logged in at several authorities; add one of: {}", options(.0))]
    LoggedInAtSeveral(Vec<SsoUrl>),
    #[error("not logged in at {0}; run: logs-gateway login --sso {0}")]
    NotLoggedIn(SsoUrl),
    #[error("what is kept about {0} cannot be read; run: logs-gateway login --sso {0}")]
    Unreadable(SsoUrl),
    #[error("the session at {0} is over; run: logs-gateway login --sso {0}")]
    Over(SsoUrl),
    #[error(
        "the session at {0} was ended because its refresh token was used twice, perhaps by a \
         thief; run: logs-gateway login --sso {0}"
    )]
    Reused(SsoUrl),
    #[error("{sso} cannot be asked right now: {cause}; you are still logged in, try again later")]
    Unknown { sso: SsoUrl, cause: Box<AskError> },
    #[error("cannot log in at {sso}: {cause}")]
    LogIn { sso: SsoUrl, cause: Box<AskError> },
    #[error("the user name or the password is wrong, or log-in is not possible right now")]
    WrongCredentials,
    #[error("cannot read {}: {cause}", .path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("{} {fault}", .path.display())]
    Ca { path: PathBuf, fault: BundleFault },
    #[error("cannot ask for it: {0}")]
    Terminal(io::Error),
    #[error("there is no terminal to ask for the user name; add --username NAME")]
    NoUsername,
    #[error("there is no terminal to ask for the password; add --password-file FILE")]
    NoPassword,
    #[error("cannot spell it: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl Failure {
    /// What is to be said when a session is not renewed.
    pub(super) fn of_refresh(sso: &SsoUrl, cause: AskError) -> Self {
        match cause {
            AskError::Refused(refusal) if refusal.status == 401 => match refusal.code.as_deref() {
                Some("refresh_reused") => Self::Reused(sso.clone()),
                _ => Self::Over(sso.clone()),
            },
            cause => Self::Unknown { sso: sso.clone(), cause: cause.into() },
        }
    }

    /// What is to be said when a log-in fails.
    pub(super) fn of_log_in(sso: &SsoUrl, cause: AskError) -> Self {
        match cause {
            AskError::Refused(refusal) if refusal.status == 401 => Self::WrongCredentials,
            cause => Self::LogIn { sso: sso.clone(), cause: cause.into() },
        }
    }

    /// Whether a token that is live may be given all the same.
    pub(super) fn says_nothing_of_the_session(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::State(_))
    }
}

fn options(authorities: &[SsoUrl]) -> String {
    authorities.iter().map(|sso| format!("--sso {sso}")).collect::<Vec<_>>().join(", ")
}
