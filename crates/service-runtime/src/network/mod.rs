//! Where requests come from: client addresses, seen through trusted proxies, and their networks.

mod client_network;
mod trusted_proxies;

pub use client_network::Network;
pub use trusted_proxies::TrustedProxies;
