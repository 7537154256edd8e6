//! OpenID Connect for browsers and clients: authorization requests, and claims about users.

mod authorize;
mod consent;
mod device;
mod error;
mod log_out;
#[cfg(test)]
mod tests;
mod userinfo;

pub(super) use authorize::{authorize, authorize_by_form};
pub(super) use device::{decide_on_device, show_device_form};
pub(super) use log_out::{log_out, log_out_by_form};
pub(super) use userinfo::userinfo;
