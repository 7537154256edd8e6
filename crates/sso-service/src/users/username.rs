//! Names of users.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// The one spelling of a typed user name, valid or not: without the blanks
/// around it that the keyboards of phones add, ASCII letters in lower case. Two texts are the same
/// name exactly if they have the same spelling. Wiped, since people mix up the fields of a form.
pub(crate) fn canonical_name(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.trim().to_ascii_lowercase())
}

/// `[a-z0-9][a-z0-9._@-]{0,62}`, in its [canonical spelling](canonical_name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Username(String);

impl Username {
    /// The name, trimmed and lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let mut name = canonical_name(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        let well_formed = name.len() <= MAX_BYTES
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(allowed);
        if well_formed { Ok(Self(std::mem::take(&mut *name))) } else { Err(InvalidUsername) }
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
    "must be a user name: 1 to {MAX_BYTES} of a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit"
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
            (" alice", "alice"),
            ("Alice ", "alice"),
            ("\t alice\u{a0}\r\n", "alice"),
        ] {
            assert_eq!(text.parse::<Username>().unwrap().as_str(), name);
        }
        assert!(format!(" {} ", "a".repeat(63)).parse::<Username>().is_ok());
    }

    #[test]
    fn malformed_names_are_refused() {
        let long = "a".repeat(64);
        for text in [
            "",
            " ",
            ".a",
            "-a",
            "_a",
            "@a",
            "a b",
            "a:b",
            "a/b",
            "ä",
            "\u{212a}",
            "a\nb",
            "a\0",
            "\u{200b}a",
            "*",
            &long,
        ] {
            assert_eq!(text.parse::<Username>(), Err(InvalidUsername), "{text:?}");
        }
    }
}
