//! A permission as a user holds it.

use std::{fmt, str::FromStr};

use crate::permission::{
    asked::AskedPermission,
    glob::glob_matches,
    name_globs::NameGlobs,
    syntax::{InvalidPermission, split},
};

/// A permission as a user holds it, with globs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// `*`: everything, root.
    Everything,
    /// `logs:read`: the action on every resource.
    Action(String),
    /// `logs:read:shop/web-*`: the action on what both globs match.
    Resource {
        /// `logs:read`.
        action: String,
        /// Matches within the namespace.
        namespace: String,
        /// Matches within the name.
        name: String,
    },
}

impl Permission {
    /// Whether the holder may do what is asked for.
    pub(super) fn covers(&self, asked: &AskedPermission) -> bool {
        match (self, &asked.resource) {
            (Self::Everything, _) => true,
            (Self::Action(action), _) => *action == asked.action,
            (Self::Resource { action, namespace, name }, None) => {
                *action == asked.action && namespace == "*" && name == "*"
            }
            (Self::Resource { .. }, Some(resource)) => {
                self.covers_resource(&asked.action, &resource.namespace, &resource.name)
            }
        }
    }

    /// Whether this permits the action on the resource of this name: what
    /// [`permits`](crate::permits) decides about
    /// [`AskedPermission::on`](crate::AskedPermission::on), without a copy of the names.
    #[must_use]
    pub fn covers_resource(&self, action: &str, namespace: &str, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Action(held) => held == action,
            Self::Resource { action: held, namespace: namespaces, name: names } => {
                held == action && glob_matches(namespaces, namespace) && glob_matches(names, name)
            }
        }
    }

    /// Whether this permits the action on any resource that could exist. A caller without such a
    /// permission is refused before anything is looked up.
    #[must_use]
    pub fn concerns(&self, action: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Action(held) | Self::Resource { action: held, .. } => held == action,
        }
    }

    /// Whether this permits the action on any resource that could exist among these names. Decided
    /// from the patterns alone.
    #[must_use]
    pub fn concerns_any(&self, action: &str, namespaces: &NameGlobs, names: &NameGlobs) -> bool {
        let overlap = match self {
            Self::Everything | Self::Action(_) => true,
            Self::Resource { namespace, name, .. } => {
                namespaces.overlap(namespace) && names.overlap(name)
            }
        };
        overlap && self.concerns(action)
    }

    /// Whether this permits the action on any resource that could exist in the namespace.
    #[must_use]
    pub fn concerns_namespace(&self, action: &str, asked: &str) -> bool {
        let matches = match self {
            Self::Everything | Self::Action(_) => true,
            Self::Resource { namespace, .. } => glob_matches(namespace, asked),
        };
        matches && self.concerns(action)
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        let (action, resource) = split(text)?;
        let action = action.to_owned();
        Ok(match resource {
            None => Self::Action(action),
            Some((namespace, name)) => {
                Self::Resource { action, namespace: namespace.to_owned(), name: name.to_owned() }
            }
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Action(action) => f.write_str(action),
            Self::Resource { action, namespace, name } => write!(f, "{action}:{namespace}/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_permission_concerns_its_own_action() {
        for (held, concerned) in
            [("*", true), ("logs:read", true), ("logs:read:a/b", true), ("logs:write", false)]
        {
            assert_eq!(held.parse::<Permission>().unwrap().concerns("logs:read"), concerned);
        }
    }

    #[test]
    fn a_permission_concerns_the_namespaces_that_its_glob_matches() {
        for (held, concerned) in [
            ("*", true),
            ("logs:read", true),
            ("logs:read:shop/web-0", true),
            ("logs:read:s*/nothing", true),
            ("logs:read:shops/*", false),
            ("logs:write:shop/*", false),
        ] {
            let held: Permission = held.parse().unwrap();
            assert_eq!(held.concerns_namespace("logs:read", "shop"), concerned, "{held}");
        }
    }

    #[test]
    fn wildcards_may_be_held() {
        for text in ["*", "logs:read:shop/*", "logs:read:sh?p/web"] {
            assert_eq!(text.parse::<Permission>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_permission_concerns_names_that_its_globs_and_others_match() {
        for (held, concerned) in [
            ("*", true),
            ("logs:read", true),
            ("logs:read:shop/web-0", true),
            ("logs:read:s*/*-0", true),
            ("logs:read:bank/web-0", false),
            ("logs:read:shop/api", true),
            ("logs:read:shop/apis", false),
            ("logs:write:shop/*", false),
        ] {
            let held: Permission = held.parse().unwrap();
            let (namespaces, names) = ("shop,bar".parse().unwrap(), "web-*,api".parse().unwrap());
            assert_eq!(held.concerns_any("logs:read", &namespaces, &names), concerned, "{held}");
        }
    }

    proptest! {
        #[test]
        fn a_permission_is_written_as_it_was_read(text in r"[a-z]{1,4}:[a-z]{1,4}(:[a-z*?.-]{1,5}/[a-z*?.-]{1,5})?") {
            prop_assert_eq!(text.parse::<Permission>().unwrap().to_string(), text);
        }

        #[test]
        fn any_text_is_parsed_without_panic(text: String) {
            let _ = (text.parse::<Permission>(), text.parse::<AskedPermission>());
        }
    }
}
