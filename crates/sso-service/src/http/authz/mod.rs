//! Forward authentication: proxies ask here whether a request may pass to its backend.

mod authorize;
mod envoy;
#[cfg(test)]
mod envoy_tests;
mod forward;
#[cfg(test)]
mod forward_tests;
mod identity;
mod nginx;
#[cfg(test)]
mod nginx_tests;
mod original;
mod sign_in;

pub(super) use envoy::envoy;
pub(super) use forward::forward;
pub(super) use nginx::nginx;
