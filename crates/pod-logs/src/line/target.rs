//! What logs are named by. The types parse, so that `..`, `/` or a NUL cannot exist in a name that
//! becomes part of a path.

use std::{fmt, str::FromStr};

/// Why a text is not a name in Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(&'static str);

impl InvalidName {
    /// The reason, as a text for the caller.
    pub fn detail(self) -> &'static str {
        self.0
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $is_valid:expr, $fault:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName($fault)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A namespace: a DNS label (RFC 1123), at most 63 bytes.
    Namespace,
    is_label,
    "must be a namespace: lower-case letters, digits and dashes, at most 63"
);
name!(
    /// A pod's name: a DNS subdomain (RFC 1123), at most 253 bytes.
    PodName,
    |text| text.len() <= 253 && text.split('.').all(is_label_of_any_length),
    "must be a pod name: lower-case letters, digits, dashes and dots, at most 253"
);
name!(
    /// A container's name: a DNS label (RFC 1123), at most 63 bytes.
    ContainerName,
    is_label,
    "must be a container name: lower-case letters, digits and dashes, at most 63"
);
name!(
    /// One incarnation of a pod: a UUID, or the hash of a static pod's manifest.
    PodUid,
    |text| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    },
    "must be a pod uid: letters, digits and dashes, at most 128"
);

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && !text.starts_with('-') && !text.ends_with('-') && text.bytes().all(inner)
}

/// A pod as its users name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodRef {
    /// The namespace.
    pub namespace: Namespace,
    /// The name in it.
    pub pod: PodName,
}

/// The log of one container in one incarnation of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName {
    /// The namespace and name of the pod.
    pub pod: PodRef,
    /// The incarnation of the pod.
    pub uid: PodUid,
    /// The container that writes it.
    pub container: ContainerName,
}

#[cfg(test)]
impl LogName {
    /// A container of a pod in the namespace `shop`.
    pub(crate) fn sample(pod: &str, container: &str) -> std::sync::Arc<Self> {
        let (namespace, uid) = ("shop".parse().unwrap(), "1".parse().unwrap());
        let pod = PodRef { namespace, pod: pod.parse().unwrap() };
        std::sync::Arc::new(Self { pod, uid, container: container.parse().unwrap() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rfc_1123() {
        for valid in ["a", "web-1", "0", &"a".repeat(63)] {
            assert!(valid.parse::<Namespace>().is_ok(), "{valid}");
            assert!(valid.parse::<ContainerName>().is_ok(), "{valid}");
        }
        for valid in ["a", "web-1.shop", &"a".repeat(253)] {
            assert!(valid.parse::<PodName>().is_ok(), "{valid}");
        }
    }

    #[test]
    fn names_have_limits() {
        for long in ["a".repeat(64), "a-b".repeat(22)] {
            assert!(long.parse::<Namespace>().is_err(), "{long}");
            assert!(long.parse::<ContainerName>().is_err(), "{long}");
        }
        assert!("a".repeat(64).parse::<PodName>().is_ok());
        assert!("a".repeat(128).parse::<PodUid>().is_ok());
        assert!("a".repeat(129).parse::<PodUid>().is_err());
        assert!("5f0C-1".parse::<PodUid>().is_ok());
    }

    #[test]
    fn a_refused_name_says_which_kind_it_should_be() {
        let details = [
            "A".parse::<Namespace>().unwrap_err().detail(),
            "A".parse::<PodName>().unwrap_err().detail(),
            "A".parse::<ContainerName>().unwrap_err().detail(),
        ];
        for (detail, kind) in details.iter().zip(["namespace", "pod", "container"]) {
            assert!(detail.contains(kind), "{detail}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_directory() {
        let long = "a".repeat(254);
        let cases = [
            "", ".", "..", "../x", "a/b", "a\0b", "a_b", "A", "-a", "a-", "ä", "a b", "*", "a%2fb",
            "a..b", ".a", "a.", &long,
        ];
        for text in cases {
            assert!(text.parse::<PodName>().is_err(), "{text:?}");
            assert!(text.parse::<Namespace>().is_err(), "{text:?}");
            assert!(text.parse::<ContainerName>().is_err(), "{text:?}");
        }
        for text in ["", "..", "a/b", "a_b", "a.b", "a\0"] {
            assert!(text.parse::<PodUid>().is_err(), "{text:?}");
        }
    }
}
