//! What users call the service.

use std::str::FromStr;

use crate::text::is_invisible;

/// The longest title, in characters: it is a line of a page and a part of a mail's subject.
const MAX_CHARACTERS: usize = 60;

/// What users call the service, such as the name of the organisation: one line of visible text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteTitle(String);

impl SiteTitle {
    /// The title.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteTitle {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let title = text.trim();
        if title.is_empty() || title.chars().count() > MAX_CHARACTERS {
            return Err("must have 1 to 60 characters");
        }
        if title.chars().any(is_invisible) {
            return Err("must not contain control characters or invisible characters");
        }
        Ok(Self(title.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_a_line_of_visible_text() {
        let parse = |text: &str| text.parse::<SiteTitle>();
        assert_eq!(parse(" Logs of Zürich ").unwrap().as_str(), "Logs of Zürich");
        assert!(parse(&"x".repeat(60)).is_ok());
        for text in ["", " ", &"x".repeat(61), "a\nb", "a\0", "a\u{202e}b", "a\u{200b}"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
