//! The grammar of permissions.

/// The longest permission, in bytes: an action, and two names of 253 characters.
const MAX_BYTES: usize = 640;

/// Why a text is not a permission. Each is 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermission {
    /// No `word:word` at its beginning.
    #[error("a permission begins with two lower-case words joined by a colon, like logs:read")]
    Action,
    /// No `namespace/name` after the action.
    #[error("a permission's resource is namespace/name, like logs:read:shop/web-*")]
    Resource,
    /// `*` or `?` where one thing has to be named.
    #[error("a requested permission must not contain wildcards")]
    Wildcard,
    /// Longer than any action with two names.
    #[error("a permission has at most {MAX_BYTES} bytes")]
    TooLong,
}

pub(super) type Parts<'a> = (&'a str, Option<(&'a str, &'a str)>);

/// Splits a permission into its action and its resource, if it has one, and checks both.
pub(super) fn split(text: &str) -> Result<Parts<'_>, InvalidPermission> {
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

#[cfg(test)]
mod tests {
    use super::{
        InvalidPermission::{Action, Resource, TooLong},
        *,
    };

    #[test]
    fn an_action_and_a_resource_are_told_apart() {
        assert_eq!(split("logs:read"), Ok(("logs:read", None)));
        assert_eq!(split("logs:read:a/b"), Ok(("logs:read", Some(("a", "b")))));
        assert_eq!(split("l0-g_s:r-3_d:A.z_9-*?/b"), Ok(("l0-g_s:r-3_d", Some(("A.z_9-*?", "b")))));
    }

    #[test]
    fn malformed_permissions_are_refused() {
        let cases = [
            ("", Action),
            ("logs", Action),
            ("*", Action),
            ("**", Action),
            ("logs:", Action),
            (":read", Action),
            (":", Action),
            ("logs:*", Action),
            ("*:read", Action),
            ("Logs:read", Action),
            ("logs:Read", Action),
            ("lOgs:read", Action),
            ("0logs:read", Action),
            ("-logs:read", Action),
            ("logs:_read", Action),
            ("logs:re.d", Action),
            ("logs:read:", Resource),
            ("logs:read:shop", Resource),
            ("logs:read:/web", Resource),
            ("logs:read:shop/", Resource),
            ("logs:read:a/b/c", Resource),
            ("logs:read:a/b:c", Resource),
            ("logs:read:a/b,c", Resource),
            ("logs:read:ä/b", Resource),
        ];
        for (text, fault) in cases {
            assert_eq!(split(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_permission_has_at_most_640_bytes() {
        let of_length = |bytes: usize| format!("logs:read:{}/x", "a".repeat(bytes - 12));
        assert_eq!(of_length(640).len(), 640);
        split(&of_length(640)).unwrap();
        assert_eq!(split(&of_length(641)), Err(TooLong));
    }
}
