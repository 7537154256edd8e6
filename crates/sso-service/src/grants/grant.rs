//! A permission until a time.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use shared_types::Permission;
use uuid::Uuid;

use crate::{text::rearranges, users::Username};

/// The longest reason, in bytes.
const MAX_REASON_BYTES: usize = 500;

/// A grant to be made. From its end on it is not in force: each validation looks at that itself.
#[derive(Debug)]
pub(crate) struct NewGrant {
    /// The user who will have it.
    pub(crate) username: Username,
    /// The permission.
    pub(crate) permission: Permission,
    /// From this instant on it is not in force.
    pub(crate) expires_at: DateTime<Utc>,
    /// Its purpose.
    pub(crate) reason: Reason,
    /// The name of its author.
    pub(crate) granted_by: String,
}

/// A grant as it is listed. Those that are over stay for a while, to be looked at.
#[derive(Debug)]
pub(crate) struct Grant {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// The user who has it.
    pub(crate) username: String,
    /// The permission.
    pub(crate) permission: String,
    /// From this instant on it is not in force.
    pub(crate) expires_at: DateTime<Utc>,
    /// Its purpose.
    pub(crate) reason: String,
    /// The name of its author, as it was then.
    pub(crate) granted_by: String,
    /// When that was.
    pub(crate) created_at: DateTime<Utc>,
}

/// The purpose of a grant, in a line of at most [`MAX_REASON_BYTES`].
#[derive(Debug)]
pub(crate) struct Reason(String);

impl Reason {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        let well_formed =
            !text.is_empty() && text.len() <= MAX_REASON_BYTES && !text.chars().any(rearranges);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidReason) }
    }
}

/// The text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a line of 1 to {MAX_REASON_BYTES} bytes without control characters")]
pub(crate) struct InvalidReason;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_line() {
        assert_eq!(" ticket 7 ".parse::<Reason>().unwrap().as_str(), "ticket 7");
        let long = "a".repeat(501);
        for text in ["", "  ", "a\nb", "a\0", "a\u{202e}b", "a\u{2028}b", &long] {
            assert_eq!(text.parse::<Reason>().unwrap_err(), InvalidReason, "{text:?}");
        }
    }
}
