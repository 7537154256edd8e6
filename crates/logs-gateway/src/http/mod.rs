//! The gateway's HTTP: it translates, and decides nothing.

mod accepted_types;
mod authenticate;
mod body;
mod credential;
mod encoding;
mod error;
mod giving;
mod kubeconfig;
mod kubernetes;
mod lease;
mod log_format;
mod log_query;
mod logs;
mod pods;
mod routes;
mod state;

pub(crate) use credential::SessionCookies;
pub(crate) use kubeconfig::PublicAddresses;
pub(crate) use routes::routes;
pub(crate) use state::GatewayState;
