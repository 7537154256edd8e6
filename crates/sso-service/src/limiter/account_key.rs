//! What failures of an account, or of an unknown name, are counted by.

use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

use crate::{network::Network, users::canonical_name};

/// Stands for an account, or for a name that no user has. Made with a key of this process alone,
/// so that it holds no text and no client can find two names that share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AccountKey(u64);

/// Makes [`AccountKey`]s.
#[derive(Debug, Default)]
pub(super) struct AccountKeys(RandomState);

impl AccountKeys {
    /// The key of a user, by whichever name it was found; or of a name that finds none.
    pub(super) fn of(&self, user: Option<Uuid>, name: &str) -> AccountKey {
        AccountKey(match user {
            Some(id) => self.0.hash_one(id),
            None => self.0.hash_one(canonical_name(name).as_str()),
        })
    }

    /// The key of requests for mail to a user or an address, which are counted apart from log-ins. No
    /// name that can be typed has it.
    pub(super) fn of_mail(&self, addressee: &str) -> AccountKey {
        AccountKey(self.0.hash_one(("mail", canonical_name(addressee).as_str())))
    }

    /// The key of all registrations from a network. No name that can be typed has it.
    pub(super) fn of_registrations(&self, network: Network) -> AccountKey {
        AccountKey(self.0.hash_one(("registrations", network)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl AccountKey {
        /// A key of a test.
        pub(crate) fn test(number: u64) -> Self {
            Self(number)
        }
    }

    #[test]
    fn a_user_is_one_account_under_any_spelling() {
        let keys = AccountKeys::default();
        let user = Some(Uuid::from_u128(7));
        assert_eq!(keys.of(user, "alice"), keys.of(user, "alice@example.org"));
        assert_ne!(keys.of(user, "alice"), keys.of(None, "alice"));
        assert_eq!(keys.of(None, "Nobody "), keys.of(None, "nobody"));
        // The Kelvin sign is no k: it is in no name, so it may not count for one.
        assert_ne!(keys.of(None, "\u{212a}ate"), keys.of(None, "kate"));
        assert_ne!(keys.of(None, "nobody"), keys.of(None, "nobody2"));
    }

    #[test]
    fn the_key_of_a_name_is_of_this_process_alone() {
        let [one, other] = [AccountKeys::default(), AccountKeys::default()];
        assert_ne!(one.of(None, "nobody"), other.of(None, "nobody"));
    }
}
