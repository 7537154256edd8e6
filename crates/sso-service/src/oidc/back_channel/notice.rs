//! A notice that sessions have ended.

use uuid::Uuid;

use crate::oidc::client::ClientId;

/// A notice to a client that a session of a user has ended, or all of them.
#[derive(Debug, Clone)]
pub(crate) struct LogoutNotice {
    pub(crate) number: i64,
    pub(crate) client: ClientId,
    /// The id of the user.
    pub(crate) subject: Uuid,
    /// `None` when all sessions of the user have ended.
    pub(crate) session_id: Option<Uuid>,
    /// How often it has been sent, this time included.
    pub(crate) tries: i64,
    /// It is not sent any more from then on, in milliseconds since 1970.
    pub(crate) given_up_at: i64,
}
