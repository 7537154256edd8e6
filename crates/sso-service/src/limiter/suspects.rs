//! Accounts that one network gave wrong passwords for.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::account_key::AccountKey;

/// How long an account is a suspect.
const SUSPECTED: Duration = Duration::from_secs(3 * 60 * 60);
/// So many are a list that is worked through (credential stuffing), not the accounts of one user.
const MANY: usize = 15;

/// The latest accounts of a network whose password was wrong, each once.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// The latest last; at most [`MANY`].
    accounts: Vec<(AccountKey, DateTime<Utc>)>,
}

impl Suspects {
    /// Notes a wrong password.
    pub(super) fn note(&mut self, account: AccountKey, at: DateTime<Utc>) {
        self.forgive(account);
        if self.accounts.len() >= MANY {
            self.accounts.remove(0);
        }
        self.accounts.push((account, at));
    }

    /// The password was right at last: the user has only mistyped it before.
    pub(super) fn forgive(&mut self, account: AccountKey) {
        self.accounts.retain(|(other, _)| *other != account);
    }

    /// Whether a list is being worked through. It stays so until three hours after the fifteenth
    /// account from the end.
    pub(super) fn are_many(&self, now: DateTime<Utc>) -> bool {
        self.count(now) >= MANY
    }

    /// How many there are.
    pub(super) fn count(&self, now: DateTime<Utc>) -> usize {
        self.accounts.iter().filter(|(_, at)| now < *at + SUSPECTED).count()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::test_service::noon;

    fn suspects(accounts: impl IntoIterator<Item = u64>) -> Suspects {
        let mut suspects = Suspects::default();
        for account in accounts {
            suspects.note(AccountKey::test(account), noon());
        }
        suspects
    }

    #[test]
    fn fifteen_accounts_within_three_hours_are_many() {
        assert!(!suspects(0..14).are_many(noon()));
        let many = suspects(0..100);
        assert!(many.are_many(noon() + TimeDelta::hours(3) - TimeDelta::seconds(1)));
        assert!(!many.are_many(noon() + TimeDelta::hours(3)));
        assert_eq!(many.accounts.len(), MANY);
    }

    #[test]
    fn one_account_is_one_however_often_it_fails() {
        assert!(!suspects((0..100).map(|number| number % 14)).are_many(noon()));
    }

    #[test]
    fn an_account_that_logs_in_no_longer_counts_against_its_network() {
        let mut suspects = suspects(0..15);
        suspects.forgive(AccountKey::test(7));
        assert!(!suspects.are_many(noon()));
    }
}
