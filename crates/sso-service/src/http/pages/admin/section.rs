//! The sections of the page.

/// A section of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Users,
    /// One user, with the sessions.
    User,
    Roles,
    Grants,
    Keys,
    Clients,
    /// The sessions of a user who is searched for.
    Sessions,
    Audit,
}

impl Section {
    /// Those that the page links to.
    pub(super) const LINKED: [Self; 7] = [
        Self::Users,
        Self::Roles,
        Self::Grants,
        Self::Keys,
        Self::Clients,
        Self::Sessions,
        Self::Audit,
    ];

    /// The section of this name; the first one if there is none.
    pub(super) fn named(name: Option<&str>) -> Self {
        let sections = [Self::User].into_iter().chain(Self::LINKED);
        sections.into_iter().find(|section| Some(section.name()) == name).unwrap_or(Self::Users)
    }

    /// Its name in the query of the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::User => "user",
            Self::Roles => "roles",
            Self::Grants => "grants",
            Self::Keys => "keys",
            Self::Clients => "clients",
            Self::Sessions => "sessions",
            Self::Audit => "audit",
        }
    }

    /// Its heading.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::User => "User",
            Self::Roles => "Roles",
            Self::Grants => "Grants",
            Self::Keys => "Keys",
            Self::Clients => "Clients",
            Self::Sessions => "Sessions",
            Self::Audit => "Audit",
        }
    }

    /// The linked section that it belongs to.
    pub(super) fn linked(self) -> Self {
        if self == Self::User { Self::Users } else { self }
    }
}
