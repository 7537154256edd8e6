//! A user, as the database knows one and as a session carries one.

use chrono::{DateTime, Utc};
use shared_types::AskedPermission;
use uuid::Uuid;

use super::{password_hash::PasswordHash, permissions::Permissions, spelling::Spelling};

/// A user in the database.
#[derive(Debug)]
pub(crate) struct User {
    /// What other tables know the user by. Never given to another.
    pub(crate) number: i64,
    /// Sessions of an earlier one have ended.
    pub(crate) epoch: i64,
    /// Who it is and what is allowed.
    pub(crate) account: Account,
    /// What the password is compared with.
    pub(crate) password_hash: PasswordHash,
    /// Whether logging in is refused.
    pub(crate) disabled: bool,
}

/// Who somebody is and what is allowed: everything about a user that a session needs.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The user's id.
    pub(crate) user_id: Uuid,
    /// The user's name.
    pub(crate) username: String,
    /// The user's address, if it is known.
    pub(crate) email: Option<String>,
    /// When the user was created.
    pub(crate) created_at: DateTime<Utc>,
    /// Sorted.
    pub(crate) roles: Vec<String>,
    /// What roles, the user's own permissions and grants permit.
    pub(crate) permissions: Permissions,
    /// How all of this is spelled to whoever has a token of the user validated.
    pub(crate) spelling: Spelling,
}

impl Account {
    /// Whether the user may do what is asked.
    pub(crate) fn may(&self, asked: &AskedPermission) -> bool {
        self.permissions.permit(asked)
    }

    /// Whether what is said of the user is still so.
    pub(crate) fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.permissions.hold_at(now)
    }

    /// What is to be said of the user now: a grant may have ended.
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
                created_at,
                roles: Vec::new(),
                permissions: Permissions::lasting(&[]),
                spelling: Spelling::default(),
            }
        }
    }
}
