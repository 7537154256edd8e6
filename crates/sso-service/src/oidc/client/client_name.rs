//! The names of clients.

use std::{fmt, str::FromStr};

/// The longest name, in characters.
const MAX_CHARACTERS: usize = 64;

/// The name of a client, which its users read: 1 to 64 letters, digits, blanks and `-_.()&+`, the
/// first and the last no blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientName(String);

impl ClientName {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = InvalidClientName;

    fn from_str(text: &str) -> Result<Self, InvalidClientName> {
        let is_allowed =
            |character: char| character.is_alphanumeric() || " -_.()&+".contains(character);
        let is_name = (1..=MAX_CHARACTERS).contains(&text.chars().count())
            && text.chars().all(is_allowed)
            && text.trim() == text;
        if is_name { Ok(Self(text.to_owned())) } else { Err(InvalidClientName) }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no name of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a client name: 1 to 64 letters, digits, blanks and -_.()&+")]
pub(crate) struct InvalidClientName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_client_is_one_short_line() {
        let longest = "a".repeat(64);
        for (text, expected) in [
            ("Grafana", true),
            ("Müllabfuhr 2 (test)", true),
            (longest.as_str(), true),
            ("", false),
            (" Grafana", false),
            ("Grafana\n", false),
            ("<b>Grafana</b>", false),
            ("Grafana\u{202e}", false),
            (&format!("{longest}a"), false),
        ] {
            assert_eq!(text.parse::<ClientName>().is_ok(), expected, "{text:?}");
        }
    }
}
