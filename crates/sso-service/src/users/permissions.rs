//! The permissions of a user, as text and parsed.

use chrono::{DateTime, Utc};
use shared_types::{AskedPermission, InvalidPermission, Permission, permits};

/// Permissions as they are said and as they are decided by: validation does both, and neither
/// parses nor spells anything then.
#[derive(Debug, Clone)]
pub(crate) struct Permissions {
    /// Sorted.
    spelled: Vec<String>,
    /// The same, in the same order.
    parsed: Vec<Permission>,
    /// Until when it is so, in milliseconds since 1970.
    until: i64,
    /// The sources of the permissions, if any of them has an end.
    timed: Option<Box<Timed>>,
}

/// Where permissions come from that have an end.
#[derive(Debug, Clone)]
struct Timed {
    /// Permissions without an end, sorted.
    lasting: Vec<String>,
    grants: Vec<Granted>,
}

/// A permission until a time.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) permission: String,
    /// In milliseconds since 1970; it is not in force at this instant any more.
    pub(crate) expires_at: i64,
}

impl Permissions {
    /// Reads permissions that were checked before they were stored. `None` when one is wrong
    /// nevertheless.
    ///
    /// Grants count once their ends have been checked, by [`Permissions::at`].
    pub(crate) fn parse(lasting: Vec<String>, grants: Vec<Granted>) -> Option<Self> {
        if grants.iter().any(|grant| grant.permission.parse::<Permission>().is_err()) {
            return None;
        }
        if grants.is_empty() {
            return Self::of(lasting, i64::MAX, None).ok();
        }
        let timed = Timed { lasting: lasting.clone(), grants };
        Self::of(lasting, i64::MIN, Some(Box::new(timed))).ok()
    }

    /// These, which last.
    pub(crate) fn lasting(permissions: &[Permission]) -> Self {
        let mut spelled: Vec<String> = permissions.iter().map(ToString::to_string).collect();
        spelled.sort_unstable();
        spelled.dedup();
        let parsed = spelled.iter().filter_map(|text| text.parse().ok()).collect();
        Self { spelled, parsed, until: i64::MAX, timed: None }
    }

    fn of(
        spelled: Vec<String>,
        until: i64,
        timed: Option<Box<Timed>>,
    ) -> Result<Self, InvalidPermission> {
        let parsed = spelled.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        Ok(Self { spelled, parsed, until, timed })
    }

    /// Whether nothing of it has ended, or begun, until now.
    pub(super) fn hold_at(&self, now: DateTime<Utc>) -> bool {
        now.timestamp_millis() < self.until
    }

    /// The permissions in force now. Time only goes on: expired grants are forgotten.
    pub(super) fn at(&self, now: DateTime<Utc>) -> Self {
        let Some(timed) = &self.timed else {
            return self.clone();
        };
        let mut grants = timed.grants.clone();
        grants.retain(|grant| now.timestamp_millis() < grant.expires_at);
        let mut spelled = timed.lasting.clone();
        spelled.extend(grants.iter().map(|grant| grant.permission.clone()));
        spelled.sort_unstable();
        spelled.dedup();
        let until = grants.iter().map(|grant| grant.expires_at).min().unwrap_or(i64::MAX);
        let timed = Timed { lasting: timed.lasting.clone(), grants };
        // Each of them could be read before.
        let parsed = spelled.iter().filter_map(|text| text.parse().ok()).collect();
        Self { spelled, parsed, until, timed: Some(Box::new(timed)) }
    }

    /// Whether they include the permission asked for.
    pub(super) fn permit(&self, asked: &AskedPermission) -> bool {
        permits(&self.parsed, asked)
    }

    /// The permissions in words, sorted.
    pub(crate) fn spelled(&self) -> &[String] {
        &self.spelled
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_service::noon;

    fn lasting(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn granted(permission: &str, millis: u64) -> Granted {
        let end = noon() + Duration::from_millis(millis);
        Granted { permission: permission.to_owned(), expires_at: end.timestamp_millis() }
    }

    #[test]
    fn an_unreadable_permission_is_an_error() {
        let parse = |texts: &[&str]| Permissions::parse(lasting(texts), Vec::new());
        assert_eq!(parse(&["*", "a:b"]).unwrap().spelled(), ["*", "a:b"]);
        assert!(parse(&["a:b", "nonsense"]).is_none());
        assert!(Permissions::parse(Vec::new(), vec![granted("nonsense", 1)]).is_none());
    }

    #[test]
    fn a_grant_ends_at_its_very_instant_and_the_rest_stays() {
        let grants = vec![granted("c:d", 2000), granted("a:b", 1000), granted("b:c", 5000)];
        let stored = Permissions::parse(lasting(&["b:c"]), grants).unwrap();
        // Nobody has looked yet when that is: too little rather than too much.
        assert_eq!(stored.spelled(), ["b:c"]);
        assert!(!stored.hold_at(noon()));
        let at = |permissions: &Permissions, nanos: u64| {
            permissions.at(noon() + Duration::from_nanos(nanos))
        };
        for (nanos, expected) in [
            (0, &["a:b", "b:c", "c:d"][..]),
            (999_999_999, &["a:b", "b:c", "c:d"]),
            (1_000_000_000, &["b:c", "c:d"]),
            (1_999_999_999, &["b:c", "c:d"]),
            (2_000_000_000, &["b:c"]),
            (5_000_000_000, &["b:c"]),
        ] {
            assert_eq!(at(&stored, nanos).spelled(), expected, "{nanos}");
            // The same when what is in force was found out before.
            let before = at(&stored, 0);
            assert_eq!(at(&before, nanos).spelled(), expected, "{nanos}");
            let changes = nanos >= 1_000_000_000;
            assert_eq!(before.hold_at(noon() + Duration::from_nanos(nanos)), !changes, "{nanos}");
        }
        assert!(at(&stored, 5_000_000_000).hold_at(DateTime::<Utc>::MAX_UTC));
    }
}
