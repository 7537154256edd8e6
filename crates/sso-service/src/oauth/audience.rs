//! The services that JWTs are for.

use std::str::FromStr;

use uuid::Uuid;

/// The longest name of an audience, in bytes.
const MAX_BYTES: usize = 256;

/// The name of a service that JWTs are for: a URI, or any other visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audience(String);

/// All audiences that JWTs may have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audiences(Vec<Audience>);

impl Audience {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Audiences {
    /// These audiences.
    pub(crate) fn new(audiences: Vec<Audience>) -> Self {
        Self(audiences)
    }

    /// The audience of this very name.
    pub(crate) fn find(&self, name: &str) -> Option<&Audience> {
        self.0.iter().find(|audience| audience.0 == name)
    }
}

impl FromStr for Audience {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("is empty"),
            text if text.len() > MAX_BYTES => Err("has more than 256 bytes"),
            text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err("must be visible ASCII, without blanks")
            }
            text if text.parse::<Uuid>().is_ok() => {
                Err("must not be a UUID: those are ids of clients")
            }
            text => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audience_is_visible_ascii() {
        let longest = "a".repeat(256);
        for (text, expected) in [
            ("https://api.example.org/v1", true),
            ("billing", true),
            (longest.as_str(), true),
            ("", false),
            ("019b2f62-7d3c-7a51-9d0e-3f0c8a1b2c3d", false),
            ("a b", false),
            ("bü", false),
            (&format!("{longest}a"), false),
        ] {
            assert_eq!(text.parse::<Audience>().is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn audience_is_found_by_its_very_name() {
        let audiences = Audiences::new(vec!["billing".parse().unwrap()]);
        assert!(audiences.find("billing").is_some());
        for name in ["Billing", "billin", "billing/", ""] {
            assert!(audiences.find(name).is_none(), "{name}");
        }
    }
}
