//! A TCP proxy on loopback between a service and a peer, which delays, withholds or refuses.

mod forwarding;
mod network;
mod proxy;

pub(crate) use network::Direction;
pub(crate) use proxy::FaultProxy;
