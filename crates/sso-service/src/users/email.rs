//! Addresses of users.

use std::{fmt, str::FromStr};

use unicode_normalization::char::is_combining_mark;

use crate::text::is_invisible;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without its angle brackets).
const MAX_BYTES: usize = 254;

/// An e-mail address, lower-cased, so that an address belongs to one user. It is not known whether
/// the user reads mail that is sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// The address, lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    /// Something, one `@`, something: more can only be found out by writing there. Blanks around it
    /// are dropped, as around the name of a user.
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let well_formed = text.len() <= MAX_BYTES
            && text.chars().all(may_stand_in_address)
            && !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@');
        if well_formed { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidEmail) }
    }
}

/// Beyond ASCII, letters and digits of all scripts with their marks (RFC 6531 §3.3 leaves the
/// choice to the receiving host): an address looks like what it is.
fn may_stand_in_address(character: char) -> bool {
    match character.is_ascii() {
        true => character.is_ascii_graphic(),
        false => {
            (character.is_alphanumeric() || is_combining_mark(character))
                && !is_invisible(character)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an e-mail address: one @ between two parts of letters, digits and ASCII signs, at most {MAX_BYTES} bytes"
)]
pub(crate) struct InvalidEmail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, address) in [
            ("alice@example.org", "alice@example.org"),
            ("Alice.B+logs@Example.ORG", "alice.b+logs@example.org"),
            ("ä@münchen.example", "ä@münchen.example"),
            ("root@localhost", "root@localhost"),
            (" alice@example.org\u{a0}", "alice@example.org"),
            ("अजय@डाटा.भारत", "अजय@डाटा.भारत"),
        ] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), address);
        }
        let longest = format!("{}@example.org", "a".repeat(242));
        assert_eq!(longest.parse::<Email>().unwrap().as_str().len(), MAX_BYTES);
    }

    #[test]
    fn malformed_addresses_are_refused() {
        let long = format!("{}@example.org", "a".repeat(243));
        for text in [
            "",
            "@",
            "alice",
            "alice@",
            "@example.org",
            "a@b@c",
            "a b@c",
            " ",
            "a @b",
            "a\n@b",
            "a\0@b",
            "a\u{a0}@b",
            "a\u{85}@b",
            "a\u{202e}@b",
            "a\u{200b}@b",
            "a@b\u{2066}",
            "\u{feff}a@b",
            "a\u{3164}@b",
            "a\u{fe0f}@b",
            "a\u{e000}@b",
            "🚀@b",
            &long,
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
    }
}
