//! The scheme Basic of the `Authorization` header (RFC 7617).

use base64::{Engine, prelude::BASE64_STANDARD};
use shared_types::{BearerToken, TokenKind};
use zeroize::Zeroizing;

/// The credentials in the value of an `Authorization` header; `None` if its scheme is another.
pub(in crate::http) fn basic_credentials(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(b"basic".len())?;
    let is_basic = scheme.eq_ignore_ascii_case(b"basic");
    (is_basic && rest.first().is_none_or(|byte| *byte == b' ')).then(|| rest.trim_ascii())
}

/// The API key in these credentials, where it is the password. The user name does not count.
pub(in crate::http) fn key_in_password(credentials: &[u8]) -> Option<BearerToken> {
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(credentials).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let token = BearerToken::parse(&decoded[colon + 1..]).ok()?;
    (token.kind() == Some(TokenKind::ApiKey)).then_some(token)
}

#[cfg(test)]
mod tests {
    use shared_types::encode_token;

    use super::*;

    #[test]
    fn the_scheme_is_recognised_in_any_case() {
        for (value, expected) in [
            ("Basic YQ==", Some("YQ==")),
            ("bASIC   YQ== ", Some("YQ==")),
            ("Basic", Some("")),
            ("Basic2 YQ==", None),
            ("Bearer YQ==", None),
            ("Bas", None),
            ("", None),
        ] {
            let found = basic_credentials(value.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn only_an_api_key_is_a_password() {
        let key = encode_token(TokenKind::ApiKey, &[7; 32]);
        let session = encode_token(TokenKind::Session, &[7; 32]);
        for (text, expected) in [
            (format!("robot:{}", *key), true),
            (format!(":{}", *key), true),
            (format!("{}:", *key), false),
            (key.to_string(), false),
            (format!("robot:{}x", *key), false),
            (format!("robot:{}", *session), false),
            (String::new(), false),
        ] {
            let found = key_in_password(BASE64_STANDARD.encode(&text).as_bytes());
            assert_eq!(found.is_some_and(|found| found.expose() == *key), expected, "{text}");
        }
        assert!(key_in_password(b"no base64").is_none());
        assert!(key_in_password(BASE64_STANDARD.encode(b":\xff").as_bytes()).is_none());
    }
}
