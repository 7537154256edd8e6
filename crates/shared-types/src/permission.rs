//! What a user holds, what a request asks, and the one function that decides for both services.
//!
//! ```text
//! permission = "*" / action [ ":" namespace-glob "/" name-glob ]
//! action     = word ":" word                 ; "logs:read"
//! glob       = 1*( letter / digit / "." / "_" / "-" / "*" / "?" )
//! ```

use std::{fmt, str::FromStr};

/// The longest permission, in bytes: an action, and two names of 253 characters.
const MAX_BYTES: usize = 640;

/// A permission as it is held, globs and all.
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
    /// Whether whoever holds this may do what is asked.
    fn covers(&self, asked: &AskedPermission) -> bool {
        match (self, &asked.resource) {
            (Self::Everything, _) => true,
            (Self::Action(action), _) => *action == asked.action,
            (Self::Resource { action, namespace, name }, None) => {
                *action == asked.action && namespace == "*" && name == "*"
            }
            (Self::Resource { action, namespace, name }, Some(resource)) => {
                *action == asked.action
                    && glob_matches(namespace, &resource.namespace)
                    && glob_matches(name, &resource.name)
            }
        }
    }

    /// Whether some resource could exist for which this permits the action: without it a caller
    /// need not be told whether there is anything to see.
    #[must_use]
    pub fn concerns(&self, action: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Action(held) | Self::Resource { action: held, .. } => held == action,
        }
    }

    /// Whether some resource could exist in the namespace for which this permits the action.
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

/// A permission as a request asks for it: one thing, no globs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPermission {
    action: String,
    resource: Option<Resource>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Resource {
    namespace: String,
    name: String,
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

/// Whether any of the held permissions covers what is asked. Both services decide by this.
///
/// ```
/// use shared_types::{AskedPermission, Permission, permits};
///
/// let held = ["logs:read:shop/web-*".parse::<Permission>()?];
/// assert!(permits(&held, &AskedPermission::on("logs:read", "shop", "web-1")));
/// assert!(!permits(&held, &AskedPermission::on("logs:read", "bank", "web-1")));
/// # Ok::<(), shared_types::InvalidPermission>(())
/// ```
pub fn permits<'a>(
    held: impl IntoIterator<Item = &'a Permission>,
    asked: &AskedPermission,
) -> bool {
    held.into_iter().any(|permission| permission.covers(asked))
}

/// Why a text is no permission. Each is 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermission {
    /// No `word:word` at its beginning.
    #[error("a permission begins with two lower-case words joined by a colon, like logs:read")]
    Action,
    /// No `namespace/name` after the action.
    #[error("a permission's resource is namespace/name, like logs:read:shop/web-*")]
    Resource,
    /// `*` or `?` where one thing has to be named.
    #[error("a permission that is asked for names one thing, without wildcards")]
    Wildcard,
    /// Longer than any action with two names.
    #[error("a permission has at most {MAX_BYTES} bytes")]
    TooLong,
}

type Parts<'a> = (&'a str, Option<(&'a str, &'a str)>);

/// Action and, where there is one, resource; both of the right characters.
fn split(text: &str) -> Result<Parts<'_>, InvalidPermission> {
    if text.len() > MAX_BYTES {
        return Err(InvalidPermission::TooLong);
    }
    let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).take(2).collect();
    let (action, resource) = match colons[..] {
        [_, second] => (&text[..second], Some(&text[second + 1..])),
        _ => (text, None),
    };
    let (subject, verb) = action.split_once(':').ok_or(InvalidPermission::Action)?;
    if !is_word(subject) || !is_word(verb) {
        return Err(InvalidPermission::Action);
    }
    let Some(resource) = resource else {
        return Ok((action, None));
    };
    let (namespace, name) = resource.split_once('/').ok_or(InvalidPermission::Resource)?;
    if !is_glob(namespace) || !is_glob(name) {
        return Err(InvalidPermission::Resource);
    }
    Ok((action, Some((namespace, name))))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn is_glob(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*?".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Matches `*` (any run) and `?` (any one character), case-sensitively.
///
/// Only the last `*` is ever gone back to, and each time it swallows one character more: the steps
/// are bounded by pattern × text, both bounded in length, never exponential.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when a literal fails: after the last star, and how much it has swallowed.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after_star, swallowed)) = retry else {
                    return false;
                };
                retry = Some((after_star, swallowed + 1));
                p = after_star;
                t = swallowed + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(held: &str, asked: &str, expected: bool) {
        let held: Permission = held.parse().unwrap();
        let asked: AskedPermission = asked.parse().unwrap();
        assert_eq!(permits([&held], &asked), expected, "{held} for {asked}");
    }

    #[test]
    fn everything_covers_everything() {
        check("*", "logs:read", true);
        check("*", "sso:admin", true);
        check("*", "logs:read:shop/web", true);
    }

    #[test]
    fn an_action_covers_every_resource_and_nothing_else() {
        check("logs:read", "logs:read", true);
        check("logs:read", "logs:read:shop/web", true);
        check("logs:read", "logs:write", false);
        check("logs:read", "logs:reads:shop/web", false);
    }

    #[test]
    fn an_action_asked_without_resource_wants_all_of_it() {
        check("logs:read:*/*", "logs:read", true);
        check("logs:read:shop/*", "logs:read", false);
        check("logs:read:**/*", "logs:read", false);
    }

    #[test]
    fn globs_stay_in_their_part_and_mind_case() {
        check("logs:read:shop/*", "logs:read:shop/web", true);
        check("logs:read:shop/*", "logs:read:bank/web", false);
        check("logs:read:*/web", "logs:read:bank/web", true);
        check("logs:read:s*/w?b-*", "logs:read:shop/web-1", true);
        check("logs:read:s*/w?b-*", "logs:read:shop/wb-1", false);
        check("logs:read:shop/web", "logs:read:shop/Web", false);
        check("logs:read:shop/web", "logs:read:shop/web-1", false);
        check("logs:read:shop/*a*b", "logs:read:shop/xaxbxb", true);
        check("logs:read:shop/*a*b", "logs:read:shop/xaxbx", false);
    }

    #[test]
    fn anything_else_is_refused() {
        use InvalidPermission::{Action, Resource, TooLong};
        let long = format!("logs:read:{}/x", "a".repeat(700));
        let cases = [
            ("", Action),
            ("logs", Action),
            ("**", Action),
            ("logs:", Action),
            (":read", Action),
            ("logs:*", Action),
            ("*:read", Action),
            ("Logs:read", Action),
            ("logs:read:", Resource),
            ("logs:read:shop", Resource),
            ("logs:read:/web", Resource),
            ("logs:read:shop/", Resource),
            ("logs:read:a/b/c", Resource),
            ("logs:read:a/b:c", Resource),
            ("logs:read:a/b,c", Resource),
            ("logs:read:ä/b", Resource),
            (&long, TooLong),
        ];
        for (text, fault) in cases {
            assert_eq!(text.parse::<Permission>(), Err(fault), "{text}");
        }
        for text in ["*", "logs:read:shop/*", "logs:read:sh?p/web"] {
            assert_eq!(text.parse::<AskedPermission>(), Err(InvalidPermission::Wildcard), "{text}");
        }
    }

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

    /// The obvious definition, exponential as it is.
    fn slow_glob(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                slow_glob(rest, text) || (!text.is_empty() && slow_glob(pattern, &text[1..]))
            }
            ([b'?', pattern @ ..], [_, text @ ..]) => slow_glob(pattern, text),
            ([p, pattern @ ..], [t, text @ ..]) if p == t => slow_glob(pattern, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn globs_match_as_the_obvious_definition_does(pattern in "[ab*?]{0,10}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                glob_matches(&pattern, &text),
                slow_glob(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn what_parses_is_spelled_as_it_was(text in r"[a-z]{1,4}:[a-z]{1,4}(:[a-z*?.-]{1,5}/[a-z*?.-]{1,5})?") {
            prop_assert_eq!(text.parse::<Permission>().unwrap().to_string(), text);
        }

        #[test]
        fn any_text_is_judged_without_panic(text: String) {
            let _ = (text.parse::<Permission>(), text.parse::<AskedPermission>());
        }
    }
}
