//! Tokens: made here, shown to their holder once, kept as nothing but a hash.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use shared_types::{BearerToken, TOKEN_ENTROPY_BYTES, TokenKind, encode_token};
use zeroize::Zeroizing;

/// How far in the future a token may have been issued. A later one was issued while the clock was
/// wrong, and would be valid for too long.
pub(crate) const MAX_AHEAD: TimeDelta = TimeDelta::seconds(60);

/// Whether a token was issued in the future, beyond [`MAX_AHEAD`].
pub(crate) fn is_ahead(issued_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    issued_at - now > MAX_AHEAD
}

/// A token as its holder gets it. Never shown by `Debug`, wiped when dropped.
pub(crate) struct PlainToken(Zeroizing<String>);

impl PlainToken {
    /// A new token of 256 bits from the operating system's generator.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn generate(kind: TokenKind) -> Result<Self, getrandom::Error> {
        let mut entropy = Zeroizing::new([0; TOKEN_ENTROPY_BYTES]);
        getrandom::fill(&mut entropy[..])?;
        Ok(Self(encode_token(kind, &entropy)))
    }

    /// The token of this kind that follows a refresh token. The same token
    /// and nonce give the same successor again; neither alone is of use.
    pub(crate) fn following(refresh_token: &BearerToken, nonce: &Nonce, kind: TokenKind) -> Self {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(refresh_token.expose().as_bytes());
        // HMAC takes a key of any length.
        let Ok(mut mac) = mac else { unreachable!("HMAC refused a key") };
        mac.update(kind.prefix().as_bytes());
        mac.update(&nonce.0);
        let entropy: Zeroizing<[u8; TOKEN_ENTROPY_BYTES]> =
            Zeroizing::new(mac.finalize().into_bytes().into());
        Self(encode_token(kind, &entropy))
    }

    /// The token itself, for the one answer that hands it out.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash, which is all that is stored of it.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(…)")
    }
}

/// The SHA-256 of a token. No salt and no cost: 256 random bits cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a whole token, prefix and checksum included.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl TokenHash {
    /// A hash as it stands in the database.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }

    /// A hash of which these are the bytes.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As it stands in the database.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it stands in the parameter of a query: in hexadecimal.
    pub(crate) fn to_hex(self) -> String {
        const_hex::encode(self.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// The random part of the successors of a refresh token, which are made of it and of the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonce([u8; 32]);

impl Nonce {
    /// A new one from the operating system's generator.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// One as it stands in the database.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As it stands in the database.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_new_and_has_its_kind() {
        for kind in [TokenKind::Session, TokenKind::Refresh] {
            let token = PlainToken::generate(kind).unwrap();
            assert_eq!(TokenKind::of(token.expose()), Some(kind));
            let other = PlainToken::generate(kind).unwrap();
            assert_ne!(token.expose(), other.expose());
            assert_ne!(token.hash(), other.hash());
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            TokenHash::of("abc").0[..4],
            [0xba, 0x78, 0x16, 0xbf],
            "SHA-256 of abc begins otherwise"
        );
    }

    #[test]
    fn the_next_tokens_derive_from_refresh_token_and_nonce() {
        let refresh = |byte| {
            let token = encode_token(TokenKind::Refresh, &[byte; 32]);
            BearerToken::parse(token.as_bytes()).unwrap()
        };
        let follow = |byte, nonce, kind| {
            PlainToken::following(&refresh(byte), &Nonce([nonce; 32]), kind).0.to_string()
        };
        let next = follow(1, 2, TokenKind::Session);
        assert_eq!(TokenKind::of(&next), Some(TokenKind::Session));
        assert_eq!(next, follow(1, 2, TokenKind::Session));
        assert_ne!(next, follow(3, 2, TokenKind::Session));
        assert_ne!(next, follow(1, 3, TokenKind::Session));
        let entropy = |token: &str| token.split('_').nth(1).unwrap().to_owned();
        assert_ne!(entropy(&next), entropy(&follow(1, 2, TokenKind::Refresh)));
    }

    #[test]
    fn debug_shows_neither_token_nor_hash() {
        let token = PlainToken::generate(TokenKind::Session).unwrap();
        let shown = format!("{token:?} {:?}", token.hash());
        assert_eq!(shown, "PlainToken(…) TokenHash(…)");
    }
}
