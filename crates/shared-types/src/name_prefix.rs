//! The prefix of all our names in a Kubernetes cluster.

use std::{fmt, str::FromStr};

/// The longest prefix, in bytes.
const MAX_BYTES: usize = 63;

/// The prefix of the names of users and groups in a Kubernetes cluster: 1 to 63 visible ASCII
/// characters.
///
/// It separates our names from those of other authorities, and from the names that begin with
/// `system:`, which Kubernetes reserves: a role `system:masters` would be root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePrefix(String);

impl Default for NamePrefix {
    fn default() -> Self {
        Self("sso:".to_owned())
    }
}

impl FromStr for NamePrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("must not be empty");
        }
        if text.starts_with("system:") {
            return Err("must not begin with system:, which Kubernetes reserves");
        }
        if text.len() > MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must be at most 63 visible ASCII characters");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NamePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_visible_ascii_and_not_reserved() {
        let longest = "x".repeat(MAX_BYTES);
        for good in ["sso:", "s", "corp/", "system", "systems:", "System:", &longest] {
            assert_eq!(good.parse::<NamePrefix>().unwrap().to_string(), good);
        }
        let too_long = "x".repeat(MAX_BYTES + 1);
        for bad in ["", "system:", "system:x", "a b", "ä:", "a\n", &too_long] {
            assert!(bad.parse::<NamePrefix>().is_err(), "{bad:?}");
        }
        assert_eq!(NamePrefix::default(), "sso:".parse().unwrap());
    }
}
