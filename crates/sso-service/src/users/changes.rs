//! Changes of users, as the store takes them.

use serde::{Deserialize, Serialize};
use shared_types::Permission;

use super::{email::Email, hashing::PasswordHash, password::Password, username::Username};

/// A user to be created.
#[derive(Debug)]
pub(crate) struct NewUser {
    /// The name, which must be free.
    pub(crate) username: Username,
    /// The address, if it is known; no other user may have it.
    pub(crate) email: Option<Email>,
    /// The hash of the password, which obeys the rules.
    pub(crate) password_hash: PasswordHash,
    /// Names of roles, which must exist.
    pub(crate) roles: Vec<String>,
    /// Permissions besides those of the roles.
    pub(crate) permissions: Vec<Permission>,
}

/// The user who is to administer a database without an administrator.
#[derive(Debug)]
pub(crate) struct FirstAdmin {
    /// `SSO_ADMIN_USERNAME`.
    pub(crate) username: Username,
    /// `SSO_ADMIN_PASSWORD`; it obeys the rules.
    pub(crate) password: Password,
}

/// A change of a user. `None` leaves as it is.
#[derive(Debug, Default)]
pub(crate) struct UserUpdate {
    /// These roles and no other.
    pub(crate) roles: Option<Vec<String>>,
    /// Whether log-in is refused. The sessions end when it is.
    pub(crate) disabled: Option<bool>,
    /// The hash of the password. The sessions end.
    pub(crate) password_hash: Option<PasswordHash>,
    /// The address, or none.
    pub(crate) email: Option<Option<Email>>,
}

impl UserUpdate {
    /// What the change revokes.
    pub(crate) fn revokes(&self) -> Option<RevocationScope> {
        match self.disabled {
            Some(true) => Some(RevocationScope::LogIn),
            _ => self.password_hash.as_ref().map(|_| RevocationScope::Sessions),
        }
    }
}

/// A user's own change of password.
#[derive(Debug)]
pub(crate) struct OwnPasswordChange {
    /// The number of the user.
    pub(crate) user: i64,
    /// The user's epoch, when the present password was verified.
    pub(crate) epoch: i64,
    /// The number of the session in which it is changed, and which goes on.
    pub(crate) session: i64,
    /// The hash of the new password.
    pub(crate) password_hash: PasswordHash,
}

/// How much of a user is revoked, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RevocationScope {
    /// The present sessions.
    Sessions,
    /// The sessions, and log-in is refused.
    LogIn,
    /// The user is deleted.
    Account,
}
