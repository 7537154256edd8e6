//! Where nodes are found: an entry of `GATEWAY_NODES`.

use std::net::IpAddr;

use service_runtime::settings::http_url;
use url::{Host, Url};

const MUST_BE_HOST: &str = "must be host:port, or a URL like https://nodes.logs.svc:8000";

/// A host, each address of which is that of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeTarget {
    /// Without a path.
    origin: Url,
    port: u16,
}

impl NodeTarget {
    /// `host:port`, which is asked over https, or a URL. Plain HTTP is for this machine only.
    ///
    /// # Errors
    /// When it is something else, or plain HTTP to another machine.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let spelled = match text.contains("://") {
            true => text.to_owned(),
            false if has_port(text) => format!("https://{text}"),
            false => return Err(MUST_BE_HOST),
        };
        let origin = http_url(&spelled).map_err(|_| MUST_BE_HOST)?;
        if origin.path() != "/" {
            return Err("must not contain a path");
        }
        let port = origin.port_or_known_default().ok_or(MUST_BE_HOST)?;
        let target = Self { origin, port };
        if !target.is_https() && !target.is_on_this_machine() {
            return Err("must be https, except for addresses of this machine");
        }
        Ok(target)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.scheme() == "https"
    }

    /// The name in the certificates of its nodes.
    pub(super) fn host(&self) -> &str {
        self.origin.host_str().unwrap_or_default()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address, if the host is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.origin.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        self.origin.as_str().trim_end_matches('/')
    }

    fn is_on_this_machine(&self) -> bool {
        match self.origin.host() {
            Some(Host::Domain(name)) => name == "localhost",
            _ => self.address().is_some_and(|address| address.is_loopback()),
        }
    }
}

fn has_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_with_a_port_or_a_url() {
        for (text, origin, port) in [
            ("nodes.logs.svc:8000", "https://nodes.logs.svc:8000", 8000),
            ("10.1.2.3:8443", "https://10.1.2.3:8443", 8443),
            ("[2001:db8::1]:8000", "https://[2001:db8::1]:8000", 8000),
            ("nodes.logs.svc:443", "https://nodes.logs.svc", 443),
            ("https://nodes.logs.svc", "https://nodes.logs.svc", 443),
            ("http://127.0.0.2:8000/", "http://127.0.0.2:8000", 8000),
            ("http://localhost:8000", "http://localhost:8000", 8000),
        ] {
            let target = NodeTarget::parse(text).unwrap();
            assert_eq!((target.origin(), target.port()), (origin, port), "{text}");
        }
    }

    #[test]
    fn plain_http_does_not_leave_the_machine() {
        for (text, fault) in [
            ("nodes", "host:port"),
            ("nodes:", "host:port"),
            ("10.1.2.3", "host:port"),
            ("nodes:port", "host:port"),
            ("ftp://nodes", "host:port"),
            ("https://ada:secret@nodes", "host:port"),
            ("https://nodes/logs", "path"),
            ("nodes:8000/logs", "host:port"),
            ("http://nodes:8000", "https"),
            ("http://10.1.2.3:8000", "https"),
            ("http://localhost.example:8000", "https"),
        ] {
            let found = NodeTarget::parse(text).unwrap_err();
            assert!(found.contains(fault), "{text}: {found}");
        }
    }
}
