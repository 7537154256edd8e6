//! The address of a service.

use std::net::SocketAddr;

use crate::certificates::Certificates;

/// The address of a service, and the certificates that clients must trust.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// `None`: plain HTTP.
    pub certificates: Option<&'a Certificates>,
}

impl Endpoint<'_> {
    /// The URL of its root, without a final slash.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}
