//! A permission as a request asks for it.

use std::{fmt, str::FromStr};

use crate::permission::syntax::{InvalidPermission, split};

/// A permission as a request asks for it: without globs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPermission {
    pub(super) action: String,
    pub(super) resource: Option<Resource>,
}

/// What the action is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl AskedPermission {
    /// Asks to do `action` to every resource.
    #[must_use]
    pub fn everywhere(action: &str) -> Self {
        Self { action: action.to_owned(), resource: None }
    }

    /// Asks to do `action` to one resource.
    #[must_use]
    pub fn on(action: &str, namespace: &str, name: &str) -> Self {
        let resource = Resource { namespace: namespace.to_owned(), name: name.to_owned() };
        Self { action: action.to_owned(), resource: Some(resource) }
    }
}

impl FromStr for AskedPermission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        if text.contains(['*', '?']) {
            return Err(InvalidPermission::Wildcard);
        }
        let (action, resource) = split(text)?;
        Ok(match resource {
            None => Self { action: action.to_owned(), resource: None },
            Some((namespace, name)) => Self::on(action, namespace, name),
        })
    }
}

impl fmt::Display for AskedPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.action)?;
        match &self.resource {
            Some(Resource { namespace, name }) => write!(f, ":{namespace}/{name}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_refused() {
        for text in ["*", "logs:read:shop/*", "logs:read:sh?p/web"] {
            assert_eq!(text.parse::<AskedPermission>(), Err(InvalidPermission::Wildcard), "{text}");
        }
    }

    #[test]
    fn a_permission_is_written_as_it_was_read() {
        for text in ["logs:read", "logs:read:shop/web"] {
            assert_eq!(text.parse::<AskedPermission>().unwrap().to_string(), text);
        }
        assert_eq!(AskedPermission::everywhere("logs:read").to_string(), "logs:read");
        assert_eq!(AskedPermission::on("logs:read", "a", "b").to_string(), "logs:read:a/b");
    }
}
