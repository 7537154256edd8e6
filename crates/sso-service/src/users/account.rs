//! A user, as the database knows one and as a session carries one.

use chrono::{DateTime, Utc};
use shared_types::{AskedPermission, Permission, permits};
use uuid::Uuid;

use super::password_hash::PasswordHash;

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
#[derive(Debug)]
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
    /// What roles and the user's own grants permit.
    pub(crate) permissions: Permissions,
}

impl Account {
    /// Whether the user may do what is asked.
    pub(crate) fn may(&self, asked: &AskedPermission) -> bool {
        permits(&self.permissions.parsed, asked)
    }
}

/// Permissions as they are said and as they are decided by: validation does both, and neither
/// parses nor spells anything then.
#[derive(Debug)]
pub(crate) struct Permissions {
    /// Sorted.
    spelled: Vec<String>,
    /// The same, in the same order.
    parsed: Vec<Permission>,
}

impl Permissions {
    /// Reads permissions that were checked before they were stored. `None` when one is wrong
    /// nevertheless.
    pub(super) fn parse(spelled: Vec<String>) -> Option<Self> {
        let parsed = spelled.iter().map(|text| text.parse().ok()).collect();
        Option::<Vec<Permission>>::map(parsed, |parsed| Self { spelled, parsed })
    }

    /// The permissions in words, sorted.
    pub(crate) fn spelled(&self) -> &[String] {
        &self.spelled
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
                permissions: Permissions::parse(Vec::new()).unwrap(),
            }
        }
    }

    #[test]
    fn a_permission_that_cannot_be_read_is_not_left_out() {
        let parse = |texts: &[&str]| {
            Permissions::parse(texts.iter().map(|text| (*text).to_owned()).collect())
        };
        assert_eq!(parse(&["*", "a:b"]).unwrap().spelled(), ["*", "a:b"]);
        assert!(parse(&["a:b", "nonsense"]).is_none());
    }
}
