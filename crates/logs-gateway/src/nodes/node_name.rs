//! The names of nodes.

/// The longest name of a node, in bytes (Kubernetes: a DNS subdomain).
const MAX_BYTES: usize = 253;

/// Checks a name of a node. It stands in headers, records and logs.
///
/// # Errors
/// When it is too long, or has other characters than a name of Kubernetes and an underscore.
pub(crate) fn parse_node_name(text: &str) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 253 letters, digits, dots, hyphens and underscores")
    }
}
