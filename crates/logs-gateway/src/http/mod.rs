//! The gateway's HTTP: it translates, and decides nothing.

mod accepted_types;
mod app;
mod audited;
mod authenticate;
mod error;
mod forwarded;
mod forwarding;
mod kubeconfig;
mod kubernetes;
mod logs;
mod openapi;
mod pods;
mod routes;
mod session_cookies;
mod state;
mod streaming;
mod viewer;
mod whoami;

pub(crate) use app::app;
pub(crate) use kubeconfig::PublicAddresses;
pub(crate) use openapi::document as api_document;
pub use routes::Route;
pub(crate) use session_cookies::SessionCookies;
pub(crate) use state::GatewayState;
pub(crate) use viewer::ViewerPage;
