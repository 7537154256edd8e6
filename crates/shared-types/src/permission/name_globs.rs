//! Lists of patterns of names.

use std::{fmt, str::FromStr};

use crate::permission::glob::{glob_matches, globs_overlap};

/// The longest list, in bytes: the work of matching is bounded by it.
const MAX_BYTES: usize = 1024;

/// Patterns of which one has to match: `web-*,api-?`.
///
/// ```
/// use shared_types::NameGlobs;
///
/// let globs = "web-*,api".parse::<NameGlobs>()?;
/// assert!(globs.matches("web-1") && globs.matches("api"));
/// assert!(!globs.matches("api-1"));
/// # Ok::<(), shared_types::InvalidNameGlobs>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameGlobs(Vec<String>);

/// The text is no list of patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be names of lower-case letters, digits, dashes and dots, in which * and ? match, \
     separated by commas, at most 1024 bytes"
)]
pub struct InvalidNameGlobs;

impl NameGlobs {
    /// The pattern that every name matches.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Whether one of the patterns matches the whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob_matches(glob, name))
    }

    /// Whether there could be a name that one of the patterns and this glob match.
    pub(super) fn overlap(&self, glob: &str) -> bool {
        self.0.iter().any(|own| globs_overlap(own, glob))
    }

    /// The patterns, one at least.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for NameGlobs {
    type Err = InvalidNameGlobs;

    fn from_str(text: &str) -> Result<Self, InvalidNameGlobs> {
        let is_valid = |glob: &str| !glob.is_empty() && glob.bytes().all(may_stand_in_glob);
        let globs: Vec<&str> = text.split(',').collect();
        if text.len() > MAX_BYTES || !globs.iter().all(|glob| is_valid(glob)) {
            return Err(InvalidNameGlobs);
        }
        Ok(Self(globs.into_iter().map(str::to_owned).collect()))
    }
}

impl fmt::Display for NameGlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

fn may_stand_in_glob(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.*?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_patterns_is_read_and_written() {
        for text in ["web", "*", "web-*,api-?", "a.b,0"] {
            assert_eq!(text.parse::<NameGlobs>().unwrap().to_string(), text);
        }
        let long = "a".repeat(MAX_BYTES);
        assert!(long.parse::<NameGlobs>().is_ok());
        for text in ["", ",", "a,", "a,,b", "A", "a b", "a/b", "[a]", &format!("{long}a")] {
            assert_eq!(text.parse::<NameGlobs>(), Err(InvalidNameGlobs), "{text}");
        }
    }
}
