//! What mail is for.

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailKind {
    /// It has the code with which a user verifies an address.
    Verification,
    /// It has the link with which a user sets a new password.
    PasswordReset,
}

impl MailKind {
    const ALL: [Self; 2] = [Self::Verification, Self::PasswordReset];

    /// Its name in the database and in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
