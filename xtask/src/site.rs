//! Where a service is.

use std::net::SocketAddr;

use crate::certificates::Certificates;

/// Where a service is, and how it proves it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) address: SocketAddr,
    /// `None`: plain HTTP.
    pub(crate) certificates: Option<&'a Certificates>,
}

impl Site<'_> {
    pub(crate) fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}
