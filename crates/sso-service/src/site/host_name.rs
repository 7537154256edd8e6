//! Names of hosts.

/// Whether a host consists of the characters of DNS names: letters, digits, `-`, `_` and dots. The
/// URL parser accepts others, such as `;`, which has a meaning in headers.
pub(super) fn is_host_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    host.bytes().all(allowed)
}

/// Whether anyone may register a name directly below this one, as below `com` and `co.uk`
/// (<https://publicsuffix.org>).
pub(super) fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_has_no_character_with_a_meaning_in_headers() {
        for good in ["app.example.org", "xn--bcher-kva.example", "a_b.example", "127.0.0.1"] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["a;sandbox;b.x", "a,b", "a'b", "a\"b", "*.x", "a b", "a=b", "(a)", "a`b"] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }

    #[test]
    fn public_suffixes_are_known() {
        for suffix in ["com", "co.uk", "github.io"] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for name in ["example.com", "example.co.uk", "localhost", "sso.internal", "internal", ""] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }
}
