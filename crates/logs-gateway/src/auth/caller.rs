//! Somebody the authority vouched for.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared_types::{AskedPermission, Permission, permits};

use crate::logs::target::PodRef;

const READ_LOGS: &str = "logs:read";

/// Somebody the authority vouched for, for this request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) username: String,
    permissions: Vec<Permission>,
    /// From then on the token is invalid.
    pub(crate) expires_at: DateTime<Utc>,
}

impl Caller {
    /// Whether the caller may read the pod's logs.
    ///
    /// # Errors
    /// The permission that is missing. Whether the pod exists plays no part.
    pub(crate) fn may_read(&self, pod: &PodRef) -> Result<(), AskedPermission> {
        let asked = AskedPermission::on(READ_LOGS, pod.namespace.as_str(), pod.pod.as_str());
        if permits(&self.permissions, &asked) { Ok(()) } else { Err(asked) }
    }

    /// Whether the caller may read the logs of a pod of this name, which may be none at all.
    pub(crate) fn may_read_named(&self, namespace: &str, pod: &str) -> bool {
        permits(&self.permissions, &AskedPermission::on(READ_LOGS, namespace, pod))
    }

    /// Whether the caller may read the logs of every pod that there could be in the namespace.
    pub(crate) fn may_read_all_in(&self, namespace: &str) -> bool {
        // Longer than any pattern of letters and question marks, and of none of the letters: what
        // matches it matches every name.
        self.may_read_named(namespace, &"\0".repeat(1024))
    }

    /// Whether there could be a pod in the namespace whose logs the caller may read.
    pub(crate) fn may_read_in(&self, namespace: &str) -> bool {
        let may = |held: &Permission| held.concerns_namespace(READ_LOGS, namespace);
        self.permissions.iter().any(may)
    }

    /// Whether there could be a pod whose logs the caller may read.
    ///
    /// # Errors
    /// The permission that is missing.
    pub(crate) fn may_read_any(&self) -> Result<(), AskedPermission> {
        let may = self.permissions.iter().any(|permission| permission.concerns(READ_LOGS));
        if may { Ok(()) } else { Err(AskedPermission::everywhere(READ_LOGS)) }
    }
}

/// What the gateway needs of the authority's 200; other fields are not looked at.
#[derive(Deserialize)]
pub(super) struct Vouching {
    success: bool,
    authorized: bool,
    username: String,
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
}

impl Vouching {
    /// Whether the token's end came while the answer was on its way.
    pub(super) fn expired_since(&self, asked: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        (asked..=now).contains(&self.expires_at)
    }

    /// `None` unless it says plainly that the token is good now. A permission of a form unknown
    /// here permits nothing.
    pub(super) fn into_caller(self, now: DateTime<Utc>) -> Option<Caller> {
        let vouches = self.success && self.authorized && self.expires_at > now;
        let is_named = !self.username.is_empty();
        let permissions = self.permissions.iter().filter_map(|text| text.parse().ok()).collect();
        (vouches && is_named).then_some(Caller {
            username: self.username,
            permissions,
            expires_at: self.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vouching(json: &str) -> Option<Caller> {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        serde_json::from_str::<Vouching>(json).ok()?.into_caller(now)
    }

    fn pod(namespace: &str, pod: &str) -> PodRef {
        PodRef { namespace: namespace.parse().unwrap(), pod: pod.parse().unwrap() }
    }

    #[test]
    fn a_plain_yes_makes_a_caller() {
        let caller = vouching(
            r#"{"success":true,"authorized":true,"username":"ada","user_id":7,
                "permissions":["logs:read:shop/*","from:the/future"],"expires_at":"2030-01-01T00:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!(caller.username, "ada");
        caller.may_read(&pod("shop", "web-1")).unwrap();
        let missing = caller.may_read(&pod("bank", "web-1")).unwrap_err();
        assert_eq!(missing.to_string(), "logs:read:bank/web-1");
        caller.may_read_any().unwrap();
    }

    #[test]
    fn anything_less_is_no_answer() {
        for json in [
            "{}",
            r#"{"success":true,"authorized":false,"username":"ada","permissions":[],"expires_at":"2030-01-01T00:00:00Z"}"#,
            r#"{"success":false,"authorized":true,"username":"ada","permissions":[],"expires_at":"2030-01-01T00:00:00Z"}"#,
            r#"{"success":true,"authorized":true,"username":"","permissions":[],"expires_at":"2030-01-01T00:00:00Z"}"#,
            r#"{"success":true,"authorized":true,"username":"ada","expires_at":"2030-01-01T00:00:00Z"}"#,
            r#"{"success":true,"authorized":true,"username":"ada","permissions":[]}"#,
            r#"{"success":true,"authorized":true,"username":"ada","permissions":[],"expires_at":"2020-01-01T00:00:00Z"}"#,
            r#"{"success":"true","authorized":true,"username":"ada","permissions":[],"expires_at":"2030-01-01T00:00:00Z"}"#,
        ] {
            assert!(vouching(json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_token_may_end_while_it_is_asked_about() {
        let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let json = r#"{"success":true,"authorized":true,"username":"ada","permissions":[],
            "expires_at":"2027-01-15T08:00:00Z"}"#;
        let vouching: Vouching = serde_json::from_str(json).unwrap();
        let second = chrono::TimeDelta::seconds(1);
        assert!(vouching.expired_since(end - second, end));
        assert!(vouching.expired_since(end, end + second));
        assert!(!vouching.expired_since(end + second, end + second), "it was over when asked");
        assert!(!vouching.expired_since(end - second, end - second), "it is not over");
    }

    #[test]
    fn no_permission_to_read_is_no_permission_to_list() {
        let caller = vouching(
            r#"{"success":true,"authorized":true,"username":"ada","permissions":["deploy:write"],"expires_at":"2030-01-01T00:00:00Z"}"#,
        );
        let missing = caller.unwrap().may_read_any().unwrap_err();
        assert_eq!(missing.to_string(), "logs:read");
    }
}
