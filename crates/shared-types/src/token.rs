//! The form of our own tokens: `<prefix>_<43 base62>_<6 base62 CRC-32>`.
//!
//! The prefix shows secret scanners and people which kind of token was leaked. By the checksum,
//! typos and foreign tokens are refused without a look-up.

use zeroize::Zeroizing;

/// The randomness of a token, in bytes: 256 bits.
pub const TOKEN_ENTROPY_BYTES: usize = 32;

/// Base62 digits of 256 bits: 62^43 is just over 2^256, so every value has one spelling of this
/// length and none is more likely than another.
pub(crate) const ENTROPY_DIGITS: usize = 43;
/// Base62 digits of a CRC-32.
pub(crate) const CHECKSUM_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A kind of our tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `sso_…`: the bearer token of a session.
    Session,
    /// `ssor_…`: renews a session once, and is no bearer token.
    Refresh,
    /// `ssok_…`: the bearer token of a program.
    ApiKey,
    /// `ssoa_…`: the access token of a client of OpenID Connect. It shows who the user is, and
    /// permits nothing.
    ClientAccess,
    /// `ssoc_…`: renews the access of such a client once.
    ClientRefresh,
}

impl TokenKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Session, Self::Refresh, Self::ApiKey, Self::ClientAccess, Self::ClientRefresh];

    /// The beginning of every token of the kind, with the underscore.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "sso_",
            Self::Refresh => "ssor_",
            Self::ApiKey => "ssok_",
            Self::ClientAccess => "ssoa_",
            Self::ClientRefresh => "ssoc_",
        }
    }

    /// The kind of a token, if its length, alphabet and checksum are right.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        let has_prefix = |kind: &Self| token.starts_with(kind.prefix());
        let kind = Self::ALL.into_iter().find(has_prefix)?;
        // All of a kind are of one length, so every part has its place.
        let prefix = kind.prefix().len();
        let (body, rest) = token.as_bytes().split_at_checked(prefix + ENTROPY_DIGITS)?;
        let checksum = rest.strip_prefix(b"_")?;
        let well_formed =
            body[prefix..].iter().all(u8::is_ascii_alphanumeric) && checksum == checksum_of(body);
        well_formed.then_some(kind)
    }
}

/// Writes 256 random bits as a token: a big-endian number in base 62, then the checksum of
/// everything before the last underscore.
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
    let checksum = checksum_of(token.as_bytes());
    token.push('_');
    token.extend(checksum.map(char::from));
    token
}

/// Divides a big-endian number in place and returns the remainder.
fn divide_by_62(number: &mut [u8]) -> usize {
    let mut remainder = 0_u32;
    for byte in number {
        let dividend = (remainder << 8) | u32::from(*byte);
        *byte = (dividend / 62) as u8; // below 256: the remainder was below 62
        remainder = dividend % 62;
    }
    remainder as usize
}

pub(crate) fn checksum_of(body: &[u8]) -> [u8; CHECKSUM_DIGITS] {
    let mut crc = crc32fast::hash(body);
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

    /// Of the bytes 0 to 31, 224 to 255, and of 32 times 255, by a program in Python.
    const LOW: &str = "sso_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf_2o8BKV";
    const HIGH: &str = "ssok_rKFCcw823OrBm12M1O8e6ZQf99v6mMY5fuWb9v97FWB_2k0AYu";
    const MOST: &str = "ssor_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1_0DgwpB";

    #[test]
    fn the_smallest_and_the_largest_number_have_the_same_length() {
        let zero = encode_token(TokenKind::Session, &[0; 32]);
        assert!(zero.starts_with(&format!("sso_{}_", "0".repeat(43))));
        let most = encode_token(TokenKind::Refresh, &[0xff; 32]);
        assert_eq!(most.len(), "ssor_".len() + 43 + 1 + 6);
    }

    #[test]
    fn a_token_that_was_changed_has_no_kind() {
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

    #[test]
    fn a_right_checksum_does_not_make_a_token() {
        let with_checksum = |body: String| {
            let checksum = checksum_of(body.as_bytes()).map(char::from);
            format!("{body}_{}", String::from_iter(checksum))
        };
        let of = |body: String| TokenKind::of(&with_checksum(body));
        assert_eq!(of(format!("sso_{}", "a".repeat(43))), Some(TokenKind::Session));
        assert_eq!(of(format!("sso_{}", "a".repeat(42))), None);
        assert_eq!(of(format!("sso_{}", "a".repeat(44))), None);
        assert_eq!(of(format!("sso_{}-", "a".repeat(42))), None);
        assert_eq!(of(format!("other_{}", "a".repeat(43))), None);
    }

    #[test]
    fn tokens_are_those_of_another_implementation() {
        let [mut low, mut high] = [[0_u8; 32]; 2];
        for (at, (low, high)) in (0..).zip(low.iter_mut().zip(&mut high)) {
            (*low, *high) = (at, 224 + at);
        }
        let check = |kind, entropy, token: &str| assert_eq!(*encode_token(kind, entropy), *token);
        check(TokenKind::Session, &low, LOW);
        check(TokenKind::ApiKey, &high, HIGH);
        check(TokenKind::Refresh, &[0xff; 32], MOST);
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
        fn a_token_with_one_changed_character_has_no_kind(entropy: [u8; 32], at in 4_usize..54, digit in 0_usize..62) {
            let token = encode_token(TokenKind::Session, &entropy);
            let mut wrong = token.as_bytes().to_vec();
            wrong[at] = DIGITS[digit];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(TokenKind::of(&wrong).is_some(), wrong == *token);
        }

        #[test]
        fn any_text_is_parsed_without_panic(text: String) {
            let _ = TokenKind::of(&text);
        }
    }
}
