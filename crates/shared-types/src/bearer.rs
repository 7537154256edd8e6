//! The `Authorization` header (RFC 6750 §2.1).

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use zeroize::Zeroizing;

use crate::TokenKind;

/// The longest `Authorization` header that is accepted, in bytes.
const MAX_HEADER_BYTES: usize = 4096;
/// The bytes of RFC 6750's `b64token` before its padding. A table, since every request is checked.
const IS_B64TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    table
};

/// The content of a request's `Authorization` headers.
#[derive(Debug)]
pub enum Authorization {
    /// No header, or a scheme other than Bearer.
    Absent,
    /// A well-formed bearer token, of which nothing else is known yet.
    Bearer(BearerToken),
}

impl Authorization {
    /// Reads the values of all `Authorization` headers of a request.
    ///
    /// # Errors
    /// When there are two headers, one of more than 4096 bytes, or one of scheme Bearer without a
    /// token or with a character outside RFC 6750's `b64token`.
    pub fn parse<'a>(
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, MalformedAuthorization> {
        let mut values = values.into_iter();
        let Some(value) = values.next() else {
            return Ok(Self::Absent);
        };
        if values.next().is_some() {
            return Err(MalformedAuthorization::Repeated);
        }
        if value.len() > MAX_HEADER_BYTES {
            return Err(MalformedAuthorization::TooLong);
        }
        let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
            Some(blank) => value.split_at(blank),
            None => (value, &[][..]),
        };
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Ok(Self::Absent);
        }
        BearerToken::parse(rest.trim_ascii()).map(Self::Bearer)
    }
}

/// A bearer token as its holder presents it. `Debug` does not show it; it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// A token of the characters of RFC 6750's `b64token`.
    ///
    /// # Errors
    /// When it is empty, too long or holds another character.
    pub fn parse(token: &[u8]) -> Result<Self, MalformedAuthorization> {
        if token.is_empty() {
            return Err(MalformedAuthorization::Empty);
        }
        if token.len() > MAX_HEADER_BYTES {
            return Err(MalformedAuthorization::TooLong);
        }
        let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
        let body = &token[..token.len() - padding];
        match std::str::from_utf8(token) {
            Ok(text)
                if !body.is_empty() && body.iter().all(|byte| IS_B64TOKEN[usize::from(*byte)]) =>
            {
                Ok(Self(Zeroizing::new(text.to_owned())))
            }
            _ => Err(MalformedAuthorization::IllegalCharacter),
        }
    }

    /// The token itself, to be hashed or forwarded.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The kind of token, if its prefix is ours and its checksum is right. `None` can be refused
    /// without a look-up.
    #[must_use]
    pub fn kind(&self) -> Option<TokenKind> {
        TokenKind::of(self.expose())
    }
}

impl Hash for BearerToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// Why an `Authorization` header is malformed. Each is 400 `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedAuthorization {
    /// `Bearer` and nothing after it.
    #[error("the bearer token is empty")]
    Empty,
    /// A character that RFC 6750 does not allow in a token.
    #[error("the bearer token contains an illegal character")]
    IllegalCharacter,
    /// Over 4096 bytes.
    #[error("the Authorization header is longer than {MAX_HEADER_BYTES} bytes")]
    TooLong,
    /// More than one header. RFC 9110 allows one.
    #[error("the request has more than one Authorization header")]
    Repeated,
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;
    use crate::encode_token;

    fn parse(values: &[&str]) -> Result<Option<String>, MalformedAuthorization> {
        let authorization = Authorization::parse(values.iter().map(|value| value.as_bytes()))?;
        Ok(match authorization {
            Authorization::Absent => None,
            Authorization::Bearer(token) => Some(token.expose().to_owned()),
        })
    }

    #[test]
    fn a_missing_header_and_another_scheme_give_no_credential() {
        for values in [&[][..], &["Basic YTpi"], &["Bearertoken"], &["Digest a=b"], &[""]] {
            assert_eq!(parse(values), Ok(None), "{values:?}");
        }
    }

    #[test]
    fn the_scheme_has_no_case_and_blanks_around_the_token_do_not_count() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "Bearer   abc "] {
            assert_eq!(parse(&[value]), Ok(Some("abc".to_owned())), "{value}");
        }
    }

    #[test]
    fn a_token_may_contain_all_characters_of_rfc_6750() {
        assert_eq!(parse(&["Bearer aZ09-._~+/=="]), Ok(Some("aZ09-._~+/==".to_owned())));
    }

    #[test]
    fn malformed_headers_are_refused_with_a_reason() {
        use MalformedAuthorization::{Empty, IllegalCharacter, Repeated, TooLong};
        let long = format!("Bearer {}", "a".repeat(4096));
        let cases: &[(&[&str], MalformedAuthorization)] = &[
            (&["Bearer"], Empty),
            (&["Bearer "], Empty),
            (&["Bearer a b"], IllegalCharacter),
            (&["Bearer a,b"], IllegalCharacter),
            (&["Bearer ="], IllegalCharacter),
            (&["Bearer a=b"], IllegalCharacter),
            (&["Bearer ä"], IllegalCharacter),
            (&["Bearer a", "Bearer a"], Repeated),
            (&["Basic a", "Bearer a"], Repeated),
            (&[&long], TooLong),
        ];
        for (values, fault) in cases {
            assert_eq!(parse(values), Err(*fault), "{values:?}");
        }
    }

    #[test]
    fn a_header_and_a_token_have_at_most_4096_bytes() {
        let header = format!("Bearer {}", "a".repeat(4096 - 7));
        assert_eq!(parse(&[&header]), Ok(Some("a".repeat(4096 - 7))));
        let longer = format!("{header}a");
        assert_eq!(parse(&[&longer]), Err(MalformedAuthorization::TooLong));
        assert_eq!(BearerToken::parse(&[b'a'; 4096]).unwrap().expose().len(), 4096);
        assert_eq!(BearerToken::parse(&[b'a'; 4097]), Err(MalformedAuthorization::TooLong));
        assert_eq!(BearerToken::parse(b""), Err(MalformedAuthorization::Empty));
    }

    #[test]
    fn padding_counts_only_at_the_end() {
        for token in ["a=", "a==", "a==="] {
            assert_eq!(BearerToken::parse(token.as_bytes()).unwrap().expose(), token);
        }
        for token in ["=a", "a=a=", "=="] {
            let parsed = BearerToken::parse(token.as_bytes());
            assert_eq!(parsed, Err(MalformedAuthorization::IllegalCharacter), "{token}");
        }
    }

    #[test]
    fn every_other_byte_is_illegal() {
        for byte in 0..=u8::MAX {
            let legal = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(BearerToken::parse(&[byte]).is_ok(), legal, "{byte}");
        }
    }

    #[test]
    fn a_token_of_ours_has_a_kind() {
        let token = encode_token(TokenKind::ApiKey, &[7; 32]);
        assert_eq!(BearerToken::parse(token.as_bytes()).unwrap().kind(), Some(TokenKind::ApiKey));
        assert_eq!(BearerToken::parse(b"foreign").unwrap().kind(), None);
    }

    #[test]
    fn tokens_differ_in_equality_and_hash() {
        let hasher = RandomState::new();
        let token = |text: &[u8]| BearerToken::parse(text).unwrap();
        assert_eq!(token(b"a"), token(b"a"));
        assert_ne!(token(b"a"), token(b"b"));
        assert_eq!(hasher.hash_one(token(b"a")), hasher.hash_one(token(b"a")));
        assert_ne!(hasher.hash_one(token(b"a")), hasher.hash_one(token(b"b")));
    }

    #[test]
    fn debug_shows_no_token() {
        let token = BearerToken::parse(b"secret").unwrap();
        assert_eq!(format!("{token:?}"), "BearerToken(…)");
    }
}
