//! Where requests come from, as far as clients are counted.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The part of an IPv6 address that names the network: a client that has one address of it has
/// all of them.
const SUBNET: u128 = !0 << 64;

/// An IPv4 address, or the first 64 bits of an IPv6 address: about what one client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address. An IPv4 address is the same however it is written.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() & SUBNET).into()),
            v4 => Self(v4),
        }
    }
}

/// The first address of the network.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_the_first_half_of_an_ipv6_address() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            let [a, b] = [one, other].map(|ip| Network::of(ip.parse().unwrap()));
            assert_eq!(a == b, same, "{one} {other}");
        }
    }
}
