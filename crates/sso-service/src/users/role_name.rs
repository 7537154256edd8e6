//! Names of roles.

use std::{fmt, str::FromStr};

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// `[a-z0-9][a-z0-9._-]{0,62}`. Capital letters are lowered when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleName(String);

impl RoleName {
    /// The name, lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = InvalidRoleName;

    fn from_str(text: &str) -> Result<Self, InvalidRoleName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let well_formed = text.len() <= MAX_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if well_formed { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidRoleName) }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a role name: 1 to {MAX_BYTES} of a-z, 0-9, '.', '_' and '-', the first a letter or a digit"
)]
pub(crate) struct InvalidRoleName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_a_name_that_needs_no_escape() {
        for name in ["reader", "7", "Team-A", "a_b.c"] {
            let parsed: RoleName = name.parse().unwrap();
            assert_eq!(parsed.as_str(), name.to_lowercase());
        }
        let long = "a".repeat(64);
        for name in ["", ".a", "-a", "a b", "a@b", "a:b", "a,b", "ä", &long] {
            assert_eq!(name.parse::<RoleName>(), Err(InvalidRoleName), "{name:?}");
        }
    }
}
