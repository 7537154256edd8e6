//! What the tables of the page show.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    grants::Grant,
    http::pages::account::SessionRow,
    keys::ApiKey,
    oidc::{ClientId, OidcClient},
    users::{Role, User},
};

/// A user, in the list and alone.
pub(super) struct UserRow {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_verified: bool,
    pub(super) roles: String,
    pub(super) permissions: String,
    pub(super) is_disabled: bool,
    pub(super) created_at: String,
}

/// A role.
pub(super) struct RoleRow {
    pub(super) name: String,
    pub(super) permissions: Vec<String>,
    pub(super) is_builtin: bool,
}

/// A grant.
pub(super) struct GrantRow {
    pub(super) id: Uuid,
    pub(super) user: String,
    pub(super) permission: String,
    pub(super) until: String,
    /// How long that is from now.
    pub(super) left: String,
    pub(super) reason: String,
    pub(super) author: String,
}

/// An API key.
pub(super) struct KeyRow {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) permissions: Vec<String>,
    /// Empty for a key without an end.
    pub(super) until: String,
    /// How long that is from now.
    pub(super) left: String,
    pub(super) author: String,
}

/// A client of OpenID Connect.
pub(super) struct ClientRow {
    pub(super) id: ClientId,
    pub(super) name: String,
    pub(super) redirect_uris: Vec<String>,
    pub(super) roles: String,
    pub(super) is_public: bool,
}

/// A security event.
pub(super) struct EventRow {
    pub(super) time: String,
    pub(super) kind: String,
    pub(super) user: String,
    pub(super) target: String,
    pub(super) address: String,
    /// What else it says.
    pub(super) details: String,
}

/// The sessions of a user.
pub(super) type Sessions = Vec<SessionRow>;

impl From<User> for UserRow {
    fn from(user: User) -> Self {
        let account = user.account;
        Self {
            roles: account.roles.join(", "),
            permissions: account.permissions.spelled().join(", "),
            email: account.email.unwrap_or_default(),
            is_verified: account.email_verified,
            is_disabled: user.disabled,
            created_at: instant(account.created_at),
            name: account.username,
        }
    }
}

impl From<Role> for RoleRow {
    fn from(role: Role) -> Self {
        Self { name: role.name, permissions: role.permissions, is_builtin: role.builtin }
    }
}

impl GrantRow {
    pub(super) fn new(grant: Grant, now: DateTime<Utc>) -> Self {
        Self {
            id: grant.id,
            user: grant.username,
            permission: grant.permission,
            until: instant(grant.expires_at),
            left: left(grant.expires_at - now),
            reason: grant.reason,
            author: grant.granted_by,
        }
    }
}

impl KeyRow {
    pub(super) fn new(key: ApiKey, now: DateTime<Utc>) -> Self {
        Self {
            id: key.id,
            name: key.name,
            permissions: key.permissions,
            until: key.expires_at.map(instant).unwrap_or_default(),
            left: key.expires_at.map(|end| left(end - now)).unwrap_or_default(),
            author: key.created_by,
        }
    }
}

impl From<OidcClient> for ClientRow {
    fn from(client: OidcClient) -> Self {
        let is_public = client.is_public();
        let roles: Vec<_> = client.settings.roles.iter().map(ToString::to_string).collect();
        Self {
            id: client.id,
            name: client.settings.name.to_string(),
            redirect_uris: client.settings.redirect_uris.iter().map(ToString::to_string).collect(),
            roles: roles.join(", "),
            is_public,
        }
    }
}

impl From<Value> for EventRow {
    fn from(event: Value) -> Self {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let shown = ["time", "audit", "username", "target", "ip", "user_id"];
        let members = event.as_object().into_iter().flatten();
        let details =
            members.filter(|(name, _)| !shown.contains(&name.as_str())).map(|(name, value)| {
                match value.as_str() {
                    Some(text) => format!("{name}: {text}"),
                    None => format!("{name}: {value}"),
                }
            });
        Self {
            time: text("time"),
            kind: text("audit"),
            user: text("username"),
            target: text("target"),
            address: text("ip"),
            details: details.collect::<Vec<_>>().join(", "),
        }
    }
}

/// What is left of something that ends, in the largest unit.
fn left(time: TimeDelta) -> String {
    match time.num_seconds() {
        _ if time <= TimeDelta::zero() => "over".to_owned(),
        ..60 => "ends within a minute".to_owned(),
        seconds @ 60..3_600 => format!("ends in {} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("ends in {} h", seconds / 3_600),
        seconds => format!("ends in {} days", seconds / 86_400),
    }
}

/// An instant in UTC, to the second.
fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_the_largest_unit() {
        for (seconds, expected) in [
            (-5, "over"),
            (0, "over"),
            (59, "ends within a minute"),
            (60, "ends in 1 min"),
            (10_800, "ends in 3 h"),
            (172_799, "ends in 47 h"),
            (172_800, "ends in 2 days"),
        ] {
            assert_eq!(left(TimeDelta::seconds(seconds)), expected, "{seconds}");
        }
    }
}
