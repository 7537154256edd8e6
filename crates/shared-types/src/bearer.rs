//! The `Authorization` header (RFC 6750 §2.1).

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use zeroize::Zeroizing;

use crate::TokenKind;

/// The longest `Authorization` header that is looked at, in bytes.
const MAX_HEADER_BYTES: usize = 4096;
/// Which bytes RFC 6750's `b64token` consists of, before its padding. Every token passes here.
const IS_B64TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    table
};

/// What a request's `Authorization` headers say.
#[derive(Debug)]
pub enum Authorization {
    /// No header, or a scheme other than Bearer.
    Absent,
    /// A well-formed bearer token; whose it is, and whether it is ours, is not known yet.
    Bearer(BearerToken),
}

impl Authorization {
    /// Reads the values of all `Authorization` headers of a request.
    ///
    /// # Errors
    /// When there are two headers, or one of scheme Bearer without a token, with a character that
    /// RFC 6750's `b64token` does not have, or of more than 4096 bytes.
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

/// A bearer token as its holder presents it. Never shown by `Debug`, wiped when dropped.
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

    /// The token itself, to hash it or to pass it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Which of our tokens this claims to be: the prefix is ours and the checksum is right.
    /// `None` can be refused without asking anyone.
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
    /// Something RFC 6750 does not allow in a token.
    #[error("the bearer token holds an illegal character")]
    IllegalCharacter,
    /// Over 4096 bytes.
    #[error("the Authorization header is longer than {MAX_HEADER_BYTES} bytes")]
    TooLong,
    /// More than one header: which one would count?
    #[error("there is more than one Authorization header")]
    Repeated,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Result<Option<String>, MalformedAuthorization> {
        let authorization = Authorization::parse(values.iter().map(|value| value.as_bytes()))?;
        Ok(match authorization {
            Authorization::Absent => None,
            Authorization::Bearer(token) => Some(token.expose().to_owned()),
        })
    }

    #[test]
    fn no_header_and_other_schemes_are_no_credential() {
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
    fn a_token_may_hold_what_rfc_6750_allows() {
        assert_eq!(parse(&["Bearer aZ09-._~+/=="]), Ok(Some("aZ09-._~+/==".to_owned())));
    }

    #[test]
    fn malformed_headers_say_what_is_wrong() {
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
    fn debug_shows_no_token() {
        let token = BearerToken::parse(b"secret").unwrap();
        assert_eq!(format!("{token:?}"), "BearerToken(…)");
    }
}
