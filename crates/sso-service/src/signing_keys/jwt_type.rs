//! The types of JWTs.

/// The type of a JWT, so that one is not taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtType {
    /// For services (RFC 9068, section 2.1).
    AccessToken,
    /// For the client that a user logs in to (OpenID Connect Core, section 2).
    IdToken,
    /// For a client, when a session has ended (OpenID Connect Back-Channel Logout, section 2.4).
    LogoutToken,
}

impl JwtType {
    /// As it stands in the header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::LogoutToken => "logout+jwt",
        }
    }
}
