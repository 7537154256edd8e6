//! What Redis holds of a session token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::histories::History;
use crate::tokens::TokenHash;

/// The first byte of a record. Another one is the form of another version, which counts as absent.
const FORM: u8 = 1;
/// The form, two ids of 16 bytes, and seven numbers of 8 bytes.
const LENGTH: usize = 1 + 2 * 16 + 7 * 8;

/// A session token and its session. Instants are in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenRecord {
    /// The database had this record after it had begun the history.
    pub(crate) history: History,
    /// The number of the session.
    pub(crate) session: i64,
    /// The id of the session.
    pub(crate) id: Uuid,
    /// The number of the user.
    pub(crate) user: i64,
    /// The session's epoch.
    pub(crate) epoch: i64,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// When a token of the session was last used, as far as it was written.
    pub(crate) last_seen_at: i64,
    /// When the newest of the session's tokens that was used had been issued.
    pub(crate) used_issued_at: i64,
}

impl TokenRecord {
    /// The value of a key.
    pub(super) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [FORM; LENGTH];
        bytes[1..17].copy_from_slice(self.history.as_bytes());
        bytes[17..33].copy_from_slice(self.id.as_bytes());
        let numbers = [
            self.session,
            self.user,
            self.epoch,
            self.issued_at,
            self.expires_at,
            self.last_seen_at,
            self.used_issued_at,
        ];
        for (place, number) in bytes[33..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// Reads the value of a key. `None` if it is not in this form.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] =
            bytes.try_into().ok().filter(|_| bytes.first() == Some(&FORM))?;
        let id = |at: usize| Uuid::from_slice(&bytes[at..at + 16]).ok();
        let mut numbers = bytes[33..]
            .chunks_exact(8)
            .map(|number| number.try_into().map(i64::from_be_bytes).unwrap_or_default());
        let mut next = || numbers.next();
        Some(Self {
            history: History::from(id(1)?),
            id: id(17)?,
            session: next()?,
            user: next()?,
            epoch: next()?,
            issued_at: next()?,
            expires_at: next()?,
            last_seen_at: next()?,
            used_issued_at: next()?,
        })
    }
}

/// The key of the token of this hash.
pub(super) fn key(hash: &TokenHash) -> String {
    let mut key = String::with_capacity(47);
    key.push_str("sso:");
    URL_SAFE_NO_PAD.encode_string(hash.as_bytes(), &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_read_as_it_was_written() {
        let record = TokenRecord {
            history: History::from(Uuid::from_u128(1)),
            session: 2,
            id: Uuid::from_u128(3),
            user: 4,
            epoch: i64::MAX,
            issued_at: 1_800_000_000_000,
            expires_at: -7,
            last_seen_at: 8,
            used_issued_at: 9,
        };
        assert_eq!(TokenRecord::decode(&record.encode()), Some(record));
    }

    #[test]
    fn record_of_another_form_counts_as_absent() {
        let bytes = [FORM; LENGTH];
        assert!(TokenRecord::decode(&bytes).is_some());
        assert_eq!(TokenRecord::decode(&bytes[1..]), None);
        assert_eq!(TokenRecord::decode(&[FORM + 1; LENGTH]), None);
        assert_eq!(TokenRecord::decode(b""), None);
    }

    #[test]
    fn key_is_of_the_hash_of_the_token() {
        let key = key(&TokenHash::of("abc"));
        assert_eq!(key, "sso:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
