//! The types of JWTs.

/// The type of a token that is a JWT, so that one is not taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtType {
    /// For services (RFC 9068, section 2.1).
    Access,
    /// For the client that a user logs in to (OpenID Connect Core, section 2).
    Id,
    /// For a client, when a session has ended (OpenID Connect Back-Channel Logout, section 2.4).
    Logout,
}

impl JwtType {
    /// As it stands in the header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Logout => "logout+jwt",
        }
    }
}
