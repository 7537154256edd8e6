//! The form of our own tokens: `<prefix>_<43 base62>_<6 base62 CRC-32>`.
//!
//! The prefix tells a secret scanner and a reader what was leaked; the checksum tells a typo or a
//! foreign token from a real one without a look-up.

use zeroize::Zeroizing;

/// How much randomness a token carries, in bytes: 256 bits.
pub const TOKEN_ENTROPY_BYTES: usize = 32;

/// Base62 digits of 256 bits: 62^43 is just over 2^256, so every value has one spelling of this
/// length and none is more likely than another.
const ENTROPY_DIGITS: usize = 43;
/// Base62 digits of a CRC-32.
const CHECKSUM_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a token of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `sso_…`: stands for a session, is a bearer.
    Session,
    /// `ssor_…`: renews a session once, is never a bearer.
    Refresh,
    /// `ssok_…`: an API key, is a bearer.
    ApiKey,
}

impl TokenKind {
    const ALL: [Self; 3] = [Self::Session, Self::Refresh, Self::ApiKey];

    /// What every token of the kind begins with, the underscore included.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "sso_",
            Self::Refresh => "ssor_",
            Self::ApiKey => "ssok_",
        }
    }

    /// The kind of a whole token with the right length, alphabet and checksum.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        let kind = Self::ALL.into_iter().find(|kind| token.starts_with(kind.prefix()))?;
        let (body, checksum) = token.rsplit_once('_')?;
        let entropy = body.strip_prefix(kind.prefix())?;
        let well_formed = entropy.len() == ENTROPY_DIGITS
            && entropy.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum.as_bytes() == checksum_of(body);
        well_formed.then_some(kind)
    }
}

/// Spells 256 random bits as a token: a big-endian number in base 62, then the checksum of all
/// that stands before the last underscore.
#[must_use]
pub fn encode_token(kind: TokenKind, entropy: &[u8; TOKEN_ENTROPY_BYTES]) -> Zeroizing<String> {
    let mut number = Zeroizing::new(*entropy);
    let mut digits = Zeroizing::new([0; ENTROPY_DIGITS]);
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[divide_by_62(&mut number[..])];
    }
    let mut token = Zeroizing::new(String::with_capacity(
        kind.prefix().len() + ENTROPY_DIGITS + 1 + CHECKSUM_DIGITS,
    ));
    token.push_str(kind.prefix());
    token.extend(digits.iter().map(|digit| char::from(*digit)));
    let checksum = checksum_of(&token);
    token.push('_');
    token.extend(checksum.map(char::from));
    token
}

/// Divides a big-endian number in place and gives the remainder.
fn divide_by_62(number: &mut [u8]) -> usize {
    let mut remainder = 0_u32;
    for byte in number {
        let dividend = (remainder << 8) | u32::from(*byte);
        *byte = (dividend / 62) as u8; // below 256: the remainder was below 62
        remainder = dividend % 62;
    }
    remainder as usize
}

fn checksum_of(body: &str) -> [u8; CHECKSUM_DIGITS] {
    let mut crc = crc32fast::hash(body.as_bytes());
    let mut digits = [0; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(crc % 62) as usize];
        crc /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_and_the_largest_number_have_the_same_length() {
        let zero = encode_token(TokenKind::Session, &[0; 32]);
        assert!(zero.starts_with(&format!("sso_{}_", "0".repeat(43))));
        let most = encode_token(TokenKind::Refresh, &[0xff; 32]);
        assert_eq!(most.len(), "ssor_".len() + 43 + 1 + 6);
    }

    #[test]
    fn what_is_not_quite_a_token_has_no_kind() {
        let token = encode_token(TokenKind::Session, &[7; 32]);
        let cases = [
            String::new(),
            "sso_".to_owned(),
            "sso__".to_owned(),
            token[..token.len() - 1].to_owned(),
            format!("{}x", *token),
            token.replacen("sso_", "ssok_", 1),
            token.replacen("sso_", "SSO_", 1),
            format!("sso_{}_{}", "ä".repeat(43), &token[token.len() - 6..]),
        ];
        for case in cases {
            assert_eq!(TokenKind::of(&case), None, "{case}");
        }
    }

    proptest! {
        #[test]
        fn every_token_is_known_by_its_kind(entropy: [u8; 32]) {
            for kind in TokenKind::ALL {
                prop_assert_eq!(TokenKind::of(&encode_token(kind, &entropy)), Some(kind));
            }
        }

        #[test]
        fn two_numbers_are_two_tokens(one: [u8; 32], other: [u8; 32]) {
            let (a, b) = (encode_token(TokenKind::Session, &one), encode_token(TokenKind::Session, &other));
            prop_assert_eq!(one == other, a == b);
        }

        #[test]
        fn one_wrong_character_is_no_token(entropy: [u8; 32], at in 4_usize..54, digit in 0_usize..62) {
            let token = encode_token(TokenKind::Session, &entropy);
            let mut wrong = token.as_bytes().to_vec();
            wrong[at] = DIGITS[digit];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(TokenKind::of(&wrong).is_some(), wrong == *token);
        }

        #[test]
        fn any_text_is_judged_without_panic(text: String) {
            let _ = TokenKind::of(&text);
        }
    }
}
