//! The scope of a JWT: all permissions of its holder, or some of them.

use shared_types::AskedPermission;

use crate::users::Account;

/// The most permissions that can be asked for. Each is looked up among those of the account and of
/// the scope, and a JWT travels in a header.
const MAX_ASKED: usize = 64;

/// The permissions that a JWT carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All that the account has.
    Whole(Vec<String>),
    /// Those that were asked for.
    Narrowed(Vec<String>),
}

impl Scope {
    /// The permissions of an account that are asked for, separated by blanks (RFC 6749, section 3.3).
    /// Each has to be one that the account has, or be covered by one.
    ///
    /// # Errors
    /// When one of them is neither, or there are more than 64.
    pub(super) fn of(account: &Account, asked: Option<&str>) -> Result<Self, InvalidScope> {
        let Some(asked) = asked else {
            return Ok(Self::Whole(account.permissions.spelled().to_vec()));
        };
        if asked.split(' ').nth(MAX_ASKED).is_some() {
            return Err(InvalidScope);
        }
        let mut permissions: Vec<String> = Vec::new();
        for permission in asked.split(' ') {
            if !is_held(account, permission) {
                return Err(InvalidScope);
            }
            if !permissions.iter().any(|known| known == permission) {
                permissions.push(permission.to_owned());
            }
        }
        Ok(Self::Narrowed(permissions))
    }

    /// The permissions.
    pub(super) fn permissions(&self) -> &[String] {
        match self {
            Self::Whole(permissions) | Self::Narrowed(permissions) => permissions,
        }
    }
}

fn is_held(account: &Account, permission: &str) -> bool {
    let is_covered = |asked: AskedPermission| account.may(&asked);
    account.permissions.spelled().iter().any(|held| held == permission)
        || permission.parse().is_ok_and(is_covered)
}

/// A permission that was asked for is none of the account's, or there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidScope;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{test_service::noon, users::Permissions};

    fn scope(held: &[&str], asked: Option<&str>) -> Result<Scope, InvalidScope> {
        let held: Vec<_> = held.iter().map(|text| text.parse().unwrap()).collect();
        let account = Account::powerless(Uuid::from_u128(1), noon());
        let account = Account { permissions: Permissions::lasting(&held), ..account };
        Scope::of(&account, asked)
    }

    fn narrowed(permissions: &[&str]) -> Result<Scope, InvalidScope> {
        Ok(Scope::Narrowed(permissions.iter().map(|&permission| permission.to_owned()).collect()))
    }

    #[test]
    fn scope_holds_what_was_asked_for_and_is_held() {
        for (held, asked, expected) in [
            (&["logs:read"][..], "logs:read", narrowed(&["logs:read"])),
            (&["logs:read"], "logs:read:shop/web", narrowed(&["logs:read:shop/web"])),
            (&["logs:read:shop/*"], "logs:read:shop/*", narrowed(&["logs:read:shop/*"])),
            (&["*"], "a:b c:d", narrowed(&["a:b", "c:d"])),
            (&["*"], "a:b a:b", narrowed(&["a:b"])),
            (&["logs:read:shop/*"], "logs:read", Err(InvalidScope)),
            (&["logs:read:shop/*"], "logs:read:*/*", Err(InvalidScope)),
            (&["logs:read"], "logs:read:shop/*", Err(InvalidScope)),
            (&["logs:read"], "logs:read deploy:write", Err(InvalidScope)),
            (&["logs:read"], "*", Err(InvalidScope)),
            (&["*"], "openid", Err(InvalidScope)),
            (&["*"], "a:b  c:d", Err(InvalidScope)),
            (&["*"], " ", Err(InvalidScope)),
            (&[], "logs:read", Err(InvalidScope)),
        ] {
            assert_eq!(scope(held, Some(asked)), expected, "{held:?} {asked}");
        }
        let whole = Scope::Whole(vec!["logs:read".to_owned()]);
        assert_eq!(scope(&["logs:read"], None), Ok(whole));
    }

    #[test]
    fn scope_of_more_than_64_permissions_is_refused() {
        let asked = |count: usize| {
            let pods: Vec<_> = (0..count).map(|pod| format!("logs:read:shop/{pod}")).collect();
            pods.join(" ")
        };
        let narrowed = scope(&["*"], Some(&asked(64))).unwrap();
        assert_eq!(narrowed.permissions().len(), 64);
        assert_eq!(scope(&["*"], Some(&asked(65))), Err(InvalidScope));
        let repeated = vec!["logs:read"; 65].join(" ");
        assert_eq!(scope(&["*"], Some(&repeated)), Err(InvalidScope));
    }
}
