//! What a client may learn about a user.

use std::fmt;

/// The scope of an authorization (OpenID Connect Core, sections 5.4 and 11). `openid` is always in
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OidcScope {
    /// The name of the user.
    pub(crate) profile: bool,
    /// The e-mail address, if it is verified.
    pub(crate) email: bool,
    /// The roles.
    pub(crate) groups: bool,
    /// A refresh token.
    pub(crate) offline_access: bool,
}

impl OidcScope {
    /// All scopes, as metadata lists them.
    pub(crate) const ALL: [&'static str; 5] =
        ["openid", "profile", "email", "groups", "offline_access"];

    /// The scope of these words, separated by blanks. Unknown ones are ignored. `None` without
    /// `openid`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let asked = |name: &str| text.split(' ').any(|word| word == name);
        let scope = Self {
            profile: asked("profile"),
            email: asked("email"),
            groups: asked("groups"),
            offline_access: asked("offline_access"),
        };
        asked("openid").then_some(scope)
    }

    /// Whether everything in the other one is in this one as well.
    pub(crate) fn includes(self, other: Self) -> bool {
        let pairs = [
            (self.profile, other.profile),
            (self.email, other.email),
            (self.groups, other.groups),
            (self.offline_access, other.offline_access),
        ];
        pairs.into_iter().all(|(own, other)| own || !other)
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let held = [true, self.profile, self.email, self.groups, self.offline_access];
        Self::ALL.into_iter().zip(held).filter_map(|(word, is_held)| is_held.then_some(word))
    }
}

impl fmt::Display for OidcScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_has_openid_and_ignores_unknown_words() {
        for (text, expected) in [
            ("openid", Some("openid")),
            ("openid profile", Some("openid profile")),
            ("groups email openid openid", Some("openid email groups")),
            ("offline_access openid phone", Some("openid offline_access")),
            ("profile", None),
            ("openid2", None),
            ("", None),
        ] {
            let scope = OidcScope::parse(text).map(|scope| scope.to_string());
            assert_eq!(scope.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn scope_includes_what_it_has() {
        for (held, asked, expected) in [
            ("openid profile email", "openid email", true),
            ("openid profile", "openid profile", true),
            ("openid", "openid groups", false),
            ("openid", "openid offline_access", false),
        ] {
            let [held, asked] = [held, asked].map(|text| OidcScope::parse(text).unwrap());
            assert_eq!(held.includes(asked), expected, "{held} {asked}");
        }
    }
}
