//! Short names of logs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

use super::InvalidCursor;
use crate::line::target::LogName;

/// What a log is called in a cursor of many logs: the beginning of a SHA-256 of its namespace, pod,
/// uid and container. It permits nothing, and two logs of one stream do not share one by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LogKey(pub(super) [u8; Self::BYTES]);

impl LogKey {
    /// The length of a key, in bytes.
    pub(super) const BYTES: usize = 6;

    /// The key of a log.
    pub(crate) fn of(name: &LogName) -> Self {
        let LogName { pod, uid, container } = name;
        let mut hash = Sha256::new();
        for part in [pod.namespace.as_str(), pod.pod.as_str(), uid.as_str(), container.as_str()] {
            hash.update(part);
            // No name contains it.
            hash.update([0]);
        }
        let mut key = [0; Self::BYTES];
        key.copy_from_slice(&hash.finalize()[..Self::BYTES]);
        Self(key)
    }
}

/// Twelve hexadecimal digits.
impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for LogKey {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let is_key = text.len() == 2 * Self::BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_key).ok_or(InvalidCursor)?;
        number.to_be_bytes().last_chunk().copied().map(Self).ok_or(InvalidCursor)
    }
}

impl Serialize for LogKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LogKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = LogKey([0, 1, 0x2f, 0xff, 0x80, 9]);
        assert_eq!(key.to_string(), "00012fff8009");
        assert_eq!("00012fff8009".parse(), Ok(key));
        for text in ["", "00012fff800", "00012fff80090", "+0012fff8009", "0001 fff8009"] {
            assert_eq!(text.parse::<LogKey>(), Err(InvalidCursor), "{text}");
        }
    }
}
