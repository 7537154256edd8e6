//! Names of users.

use std::{fmt, str::FromStr};

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// `[a-z0-9][a-z0-9._@-]{0,62}`. Capital letters are lowered when it is read, so that a name has
/// one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Username(String);

impl Username {
    /// The name, lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        let well_formed = text.len() <= MAX_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if well_formed { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidUsername) }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no user name: 1 to {MAX_BYTES} of a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit"
)]
pub(crate) struct InvalidUsername;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for (text, name) in [
            ("alice", "alice"),
            ("Alice.B", "alice.b"),
            ("7", "7"),
            ("a@example.org", "a@example.org"),
            ("x-_.", "x-_."),
        ] {
            assert_eq!(text.parse::<Username>().unwrap().as_str(), name);
        }
        assert!("a".repeat(63).parse::<Username>().is_ok());
    }

    #[test]
    fn anything_else_is_no_name() {
        let long = "a".repeat(64);
        for text in [
            "", ".a", "-a", "_a", "@a", "a b", "a:b", "a/b", "ä", "\u{212a}", "a\n", "a\0", "*",
            &long,
        ] {
            assert_eq!(text.parse::<Username>(), Err(InvalidUsername), "{text:?}");
        }
    }
}
