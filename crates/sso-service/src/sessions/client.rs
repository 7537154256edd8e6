//! Where a log-in came from.

use std::net::IpAddr;

/// The longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT_CHARS: usize = 256;

/// Where a log-in came from.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Seen through trusted proxies.
    pub(crate) ip: IpAddr,
    /// Its `User-Agent`, if it sends one: shortened, and safe to show.
    pub(crate) user_agent: Option<Box<str>>,
}

impl Client {
    /// A client at this address, with its `User-Agent`.
    pub(crate) fn new(ip: IpAddr, user_agent: Option<&[u8]>) -> Self {
        let clean = |raw: &[u8]| -> Box<str> {
            String::from_utf8_lossy(raw)
                .chars()
                .filter(|character| !character.is_control())
                .take(MAX_USER_AGENT_CHARS)
                .collect()
        };
        Self { ip, user_agent: user_agent.map(clean) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_agent(raw: &[u8]) -> String {
        let client = Client::new([127, 0, 0, 1].into(), Some(raw));
        client.user_agent.unwrap().into_string()
    }

    #[test]
    fn a_user_agent_is_short_and_safe_to_show() {
        assert_eq!(user_agent(b"curl/8.0"), "curl/8.0");
        assert_eq!(user_agent(b"a\tb\x1b[31m\xc2\x9bc"), "ab[31mc");
        assert_eq!(user_agent(b"\xff"), "\u{fffd}");
        assert_eq!(user_agent(&[b'x'; 1000]).len(), 256);
    }
}
