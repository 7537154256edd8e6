//! A user, as the database knows one and as a session carries one.

use chrono::{DateTime, Utc};
use shared_types::AskedPermission;
use uuid::Uuid;

use super::{hashing::PasswordHash, permissions::Permissions, spelling::Spelling};

/// A user in the database.
#[derive(Debug)]
pub(crate) struct User {
    /// The user's number in the database. It is never used again for another user.
    pub(crate) number: i64,
    /// Sessions of an earlier one have ended.
    pub(crate) epoch: i64,
    /// The account: names, roles, permissions.
    pub(crate) account: Account,
    /// The hash of the password.
    pub(crate) password_hash: PasswordHash,
    /// Whether logging in is refused.
    pub(crate) disabled: bool,
    /// Whether the user has registered and not verified an address: where that is required, log-in is
    /// refused.
    pub(crate) must_verify: bool,
}

/// The identity and the permissions of a user: everything that a session needs.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The user's id.
    pub(crate) user_id: Uuid,
    /// The user's name.
    pub(crate) username: String,
    /// The user's address, if it is known.
    pub(crate) email: Option<String>,
    /// Whether the address is known to be the user's.
    pub(crate) email_verified: bool,
    /// When the user was created.
    pub(crate) created_at: DateTime<Utc>,
    /// Sorted.
    pub(crate) roles: Vec<String>,
    /// The permissions of the roles, the user's own ones, and those of grants.
    pub(crate) permissions: Permissions,
    /// The text of all of this in answers to validations.
    pub(crate) spelling: Spelling,
}

impl Account {
    /// Whether the user has the permission asked for.
    pub(crate) fn may(&self, asked: &AskedPermission) -> bool {
        self.permissions.permit(asked)
    }

    /// Whether the permissions are still in force.
    pub(crate) fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.permissions.hold_at(now)
    }

    /// The account as it is now: a grant may have ended.
    #[must_use]
    pub(crate) fn at(&self, now: DateTime<Utc>) -> Self {
        Self { permissions: self.permissions.at(now), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Account {
        /// An account that may do nothing.
        pub(crate) fn powerless(user_id: Uuid, created_at: DateTime<Utc>) -> Self {
            Self {
                user_id,
                username: user_id.to_string(),
                email: None,
                email_verified: false,
                created_at,
                roles: Vec::new(),
                permissions: Permissions::lasting(&[]),
                spelling: Spelling::default(),
            }
        }
    }
}
