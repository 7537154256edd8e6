//! Which address asks, when there are proxies in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderValue, X_FORWARDED_FOR},
};
use ipnet::IpNet;

/// The proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Proxies with an address in one of the networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client of a request; `trusts_peer` if the peer counts as a proxy whatever its address.
    pub(crate) fn client_of(&self, request: &ServiceRequest, trusts_peer: bool) -> IpAddr {
        self.walk(peer_of(request), trusts_peer, request.headers())
    }

    /// Whether the peer of a request is a trusted proxy.
    pub(crate) fn trusts_peer_of(&self, request: &ServiceRequest) -> bool {
        !self.0.is_empty() && self.trusts(peer_of(request))
    }

    /// Walks `X-Forwarded-For` from the right for as long as the hop so far is a trusted proxy.
    /// The first other hop is the client, and so is the last proxy that wrote what is no address.
    fn walk(&self, peer: IpAddr, trusts_peer: bool, headers: &HeaderMap) -> IpAddr {
        let (mut client, mut trusts_hop) = (peer, trusts_peer || self.trusts(peer));
        if !trusts_hop {
            return client;
        }
        let lines: Vec<&[u8]> =
            headers.get_all(X_FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        for hop in hops {
            if !trusts_hop {
                break;
            }
            let Some(next) = std::str::from_utf8(hop).ok().and_then(|hop| address(hop.trim()))
            else {
                break;
            };
            client = next.to_canonical();
            trusts_hop = self.trusts(client);
        }
        client
    }

    /// Whether the address is one of a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn peer_of(request: &ServiceRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
    peer.to_canonical()
}

/// An address, as proxies write it: some add the port, and brackets around an IPv6 address.
fn address(hop: &str) -> Option<IpAddr> {
    let unbracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    hop.parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .or_else(|| unbracketed().map(IpAddr::V6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::networks;

    #[track_caller]
    fn check(trusted: &str, peer: &str, forwarded: &[&str], expected: &str) {
        check_peer(trusted, (peer, false), forwarded, expected);
    }

    #[track_caller]
    fn check_peer(
        trusted: &str,
        (peer, is_trusted): (&str, bool),
        forwarded: &[&str],
        expected: &str,
    ) {
        let networks = if trusted.is_empty() { Vec::new() } else { networks(trusted).unwrap() };
        let proxies = TrustedProxies::new(networks);
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let client = proxies.walk(peer.parse().unwrap(), is_trusted, &headers);
        assert_eq!(client, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_forwarded_address_from_an_untrusted_peer_is_ignored() {
        check("10.0.0.0/8", "192.0.2.1", &["203.0.113.9"], "192.0.2.1");
    }

    #[test]
    fn trusted_hops_are_walked_from_the_right() {
        check("10.0.0.0/8", "10.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("10.0.0.0/8", "10.0.0.1", &["198.51.100.7, 203.0.113.9,10.0.0.2"], "203.0.113.9");
        check("10.0.0.0/8", "10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.0.0.2"], "203.0.113.9");
        check("10.0.0.0/8", "10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check("10.0.0.0/8", "10.0.0.1", &[], "10.0.0.1");
    }

    #[test]
    fn a_peer_trusted_for_its_certificate_is_a_hop_whatever_its_address() {
        check_peer("", ("192.0.2.1", true), &["203.0.113.9"], "203.0.113.9");
        check_peer("", ("192.0.2.1", true), &["198.51.100.7, 203.0.113.9"], "203.0.113.9");
        check_peer("", ("192.0.2.1", true), &[], "192.0.2.1");
        check_peer("10.0.0.0/8", ("192.0.2.1", true), &["198.51.100.7, 10.0.0.1"], "198.51.100.7");
    }

    #[test]
    fn an_invalid_address_ends_the_walk() {
        check("10.0.0.0/8", "10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1");
        check("10.0.0.0/8", "10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2");
        for hop in ["203.0.113.9:", "203.0.113.9:99999", "[203.0.113.9]", "[2001:db8::7", "[]:1"] {
            check("10.0.0.0/8", "10.0.0.1", &[hop], "10.0.0.1");
        }
    }

    #[test]
    fn ports_and_brackets_are_not_part_of_an_address() {
        check("10.0.0.0/8", "10.0.0.1", &["203.0.113.9:50123"], "203.0.113.9");
        check("10.0.0.0/8", "10.0.0.1", &["203.0.113.9:50123, 10.0.0.2:443"], "203.0.113.9");
        check("10.0.0.0/8", "10.0.0.1", &["[2001:db8::7]:50123"], "2001:db8::7");
        check("10.0.0.0/8", "10.0.0.1", &["[2001:db8::7]"], "2001:db8::7");
        check("10.0.0.0/8", "10.0.0.1", &["[::ffff:203.0.113.9]:1"], "203.0.113.9");
        check("2001:db8::/32", "2001:db8::1", &["203.0.113.9, [2001:db8::2]:8"], "203.0.113.9");
    }
}
