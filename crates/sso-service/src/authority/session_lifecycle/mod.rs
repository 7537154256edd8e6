//! The life of sessions: log-in, renewal, end.

mod logged_in;
mod login;
mod logout;
mod own_sessions;
mod refresh;
mod revoke;

pub(crate) use logged_in::LoggedIn;
pub(crate) use login::{LoginError, UpstreamUser};
pub(crate) use refresh::RefreshError;
