//! Where requests come from, as far as they are counted.

pub(crate) use service_runtime::network::Network;

/// A network of a test.
#[cfg(test)]
pub(crate) fn test_network(number: u8) -> Network {
    Network::of(std::net::Ipv4Addr::new(192, 0, 2, number).into())
}
