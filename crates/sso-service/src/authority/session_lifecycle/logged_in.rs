//! The result of a log-in or a refresh.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{tokens::PlainToken, users::Account};

/// The result of a log-in or a refresh. The tokens are not kept anywhere.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    /// Stands for the session.
    pub(crate) token: PlainToken,
    /// When it was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on it is invalid.
    pub(crate) expires_at: DateTime<Utc>,
    /// Renews the session, once.
    pub(crate) refresh_token: PlainToken,
    /// From this instant on it is invalid.
    pub(crate) refresh_expires_at: DateTime<Utc>,
    /// The session.
    pub(crate) session_id: Uuid,
    /// The account of the user.
    pub(crate) account: Account,
}
