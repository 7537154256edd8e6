//! Our tokens within other text.

use crate::token::{CHECKSUM_DIGITS, ENTROPY_DIGITS, checksum_of};

/// The bytes that every token of ours begins with.
pub const TOKEN_INITIALS: &[u8] = b"sso";
/// The longest token of ours, in bytes.
pub const MAX_TOKEN_BYTES: usize = LONGEST_PREFIX_BYTES + ENTROPY_DIGITS + 1 + CHECKSUM_DIGITS;

/// How tokens of ours begin: those of sessions, refresh tokens, keys, and those that are given to
/// clients of OpenID Connect.
const PREFIXES: [&[u8]; 5] = [b"sso_", b"ssor_", b"ssok_", b"ssoa_", b"ssoc_"];
const LONGEST_PREFIX_BYTES: usize = 5;

/// Whether a token of ours stands at the beginning of a text. Anything may stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadingToken {
    /// None does.
    Absent,
    /// The text is the beginning of a token, or of something that looks like one so far.
    Incomplete {
        /// The length of the prefix, in bytes, as far as it is there.
        prefix: usize,
    },
    /// All of it, with the right checksum.
    Whole {
        /// The length of the prefix, in bytes.
        prefix: usize,
        /// The length of the token, in bytes.
        length: usize,
    },
}

impl LeadingToken {
    /// Looks at the beginning of a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        match PREFIXES.iter().find(|prefix| text.starts_with(prefix)) {
            Some(prefix) => Self::behind(prefix.len(), text),
            None if PREFIXES.iter().any(|prefix| prefix.starts_with(text)) => {
                Self::Incomplete { prefix: text.len() }
            }
            None => Self::Absent,
        }
    }

    /// Looks at a text that begins with a whole prefix.
    fn behind(prefix: usize, text: &[u8]) -> Self {
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric();
        let entropy = &text[prefix..text.len().min(prefix + ENTROPY_DIGITS)];
        if !entropy.iter().all(is_digit) {
            return Self::Absent;
        }
        let Some((body, rest)) = text.split_at_checked(prefix + ENTROPY_DIGITS) else {
            return Self::Incomplete { prefix };
        };
        match rest.split_first() {
            None => Self::Incomplete { prefix },
            Some((b'_', digits)) => {
                let checksum = checksum_of(body);
                match &digits[..digits.len().min(CHECKSUM_DIGITS)] {
                    digits if *digits == checksum => {
                        Self::Whole { prefix, length: body.len() + 1 + CHECKSUM_DIGITS }
                    }
                    digits if checksum.starts_with(digits) => Self::Incomplete { prefix },
                    _ => Self::Absent,
                }
            }
            Some(_) => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use proptest::prelude::*;

    use super::*;
    use crate::{TokenKind, encode_token};

    fn token_with(prefix: &[u8]) -> Vec<u8> {
        let mut token = [prefix, &[b'7'; ENTROPY_DIGITS]].concat();
        let checksum = checksum_of(&token);
        token.push(b'_');
        token.extend(checksum);
        token
    }

    #[test]
    fn a_token_of_each_prefix_is_seen_whatever_stands_behind_it() {
        for prefix in PREFIXES {
            let token = token_with(prefix);
            let whole = LeadingToken::Whole { prefix: prefix.len(), length: token.len() };
            for rest in [&b""[..], b" ", b"x", b"_0", b"\xff"] {
                assert_eq!(LeadingToken::of(&[&token, rest].concat()), whole);
            }
            assert!(token.len() <= MAX_TOKEN_BYTES);
            assert!(prefix.starts_with(TOKEN_INITIALS));
        }
    }

    #[test]
    fn each_beginning_of_a_token_is_incomplete() {
        for prefix in PREFIXES {
            let token = token_with(prefix);
            for end in 0..token.len() {
                let seen = LeadingToken::of(&token[..end]);
                assert_eq!(seen, LeadingToken::Incomplete { prefix: end.min(prefix.len()) });
            }
        }
    }

    #[test]
    fn other_text_is_no_token() {
        for text in ["x", "so_", "sso-", "SSO_", "ssox_", "sso__", "ssok_a-", "sso_ä"] {
            assert_eq!(LeadingToken::of(text.as_bytes()), LeadingToken::Absent, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_token_that_is_issued_is_seen(entropy: [u8; 32]) {
            for kind in TokenKind::ALL {
                let token = encode_token(kind, &entropy);
                let whole =
                    LeadingToken::Whole { prefix: kind.prefix().len(), length: token.len() };
                prop_assert_eq!(LeadingToken::of(token.as_bytes()), whole);
            }
        }

        /// Of what begins as a token does, each byte counts.
        #[test]
        fn a_token_with_one_other_byte_is_none(at in 0_usize..54, byte: u8) {
            let token = token_with(b"sso_");
            let mut other = token.clone();
            other[at] = byte;
            let is_whole = matches!(LeadingToken::of(&other), LeadingToken::Whole { .. });
            prop_assert_eq!(is_whole, other == token);
            for (end, is_same) in iter::zip(0.., token.iter().zip(&other).map(|(a, b)| a == b)) {
                if !is_same {
                    let seen = LeadingToken::of(&other[..=end]);
                    let is_entropy = (4..47).contains(&end) && byte.is_ascii_alphanumeric();
                    let is_prefix = end == 3 && b"rkac".contains(&byte);
                    prop_assert_eq!(seen == LeadingToken::Absent, !is_entropy && !is_prefix);
                }
            }
        }
    }
}
