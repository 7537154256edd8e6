//! The kinds of security events.

use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

/// The kind of a security event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Kind {
    LoginOk,
    LoginFailed,
    /// A log-in was refused because too many failed before.
    Throttled,
    Logout,
    /// A session came to its end, or `count` of them did at once.
    SessionExpired,
    /// A session ended because its user had too many.
    SessionEvicted,
    RefreshOk,
    /// A spent refresh token was seen again.
    RefreshReused,
    /// A JWT was issued for the service in `target`.
    TokenExchanged,
    PermissionDenied,
    Registered,
    PasswordChanged,
    /// A link to a new password was asked for, or a code for an address: by anybody.
    MailRequested,
    EmailVerified,
    UserChanged,
    RoleChanged,
    GrantChanged,
    KeyChanged,
    /// A client of OpenID Connect was created, changed or deleted.
    ClientChanged,
    /// A user let the client in `target` know who the user is.
    ClientAuthorized,
    /// The first-party client in `target` began a session of its own, which the user had agreed to.
    ClientSessionBegun,
    /// A code or a refresh token of the client in `target` was seen again.
    ClientTokenReused,
    /// Sessions were begun from the shell, without a log-in: `count` of them.
    SessionsMinted,
    /// An administrator ended sessions of others.
    AdminRevoke,
    /// A log-in was refused because too many went on.
    Busy,
    StoreUnavailable,
    CsrfBlocked,
    /// Events were lost: `count` of them.
    Dropped,
}

impl Kind {
    /// The names of all kinds, as they stand in events.
    pub(crate) fn names() -> Vec<&'static str> {
        Self::VARIANTS.iter().map(<&'static str>::from).collect()
    }

    /// How many events of a series are written one by one within a minute. Those that follow in
    /// that minute are one event with their number: a caller without the permission to administer
    /// can neither fill the disk nor push out events of others. `None`: every one is written.
    pub(super) fn burst(self) -> Option<u64> {
        match self {
            Self::LoginFailed
            | Self::Throttled
            | Self::PermissionDenied
            | Self::Busy
            | Self::StoreUnavailable
            | Self::CsrfBlocked => Some(1),
            Self::LoginOk
            | Self::Logout
            | Self::SessionEvicted
            | Self::RefreshOk
            | Self::RefreshReused
            | Self::TokenExchanged
            | Self::ClientAuthorized
            | Self::ClientSessionBegun
            | Self::ClientTokenReused => Some(10),
            // Each of the first four costs its author a hash of a password, or an attempt that counts
            // as a failure to log in, so that there are few. The others are by administrators, or by
            // the service itself.
            Self::Registered
            | Self::PasswordChanged
            | Self::MailRequested
            | Self::EmailVerified
            | Self::UserChanged
            | Self::RoleChanged
            | Self::GrantChanged
            | Self::KeyChanged
            | Self::ClientChanged
            | Self::SessionsMinted
            | Self::AdminRevoke
            | Self::SessionExpired
            | Self::Dropped => None,
        }
    }

    /// Whether the user that the event names did it, from whatever network. Otherwise anybody may
    /// have, and the network tells them apart.
    pub(super) fn is_by_its_user(self) -> bool {
        matches!(
            self,
            Self::LoginOk
                | Self::Logout
                | Self::SessionEvicted
                | Self::RefreshOk
                | Self::RefreshReused
                | Self::TokenExchanged
                | Self::ClientAuthorized
                | Self::ClientSessionBegun
                | Self::ClientTokenReused
                | Self::PermissionDenied
        )
    }

    /// Whether an administrator did it.
    pub(super) fn is_administrative(self) -> bool {
        matches!(
            self,
            Self::UserChanged
                | Self::RoleChanged
                | Self::GrantChanged
                | Self::KeyChanged
                | Self::ClientChanged
                | Self::SessionsMinted
                | Self::AdminRevoke
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_names_that_stand_in_events() {
        for (kind, name) in Kind::VARIANTS.iter().zip(Kind::names()) {
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
        }
    }
}
