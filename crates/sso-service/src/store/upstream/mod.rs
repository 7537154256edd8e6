//! Users who log in by an OpenID provider, and log-ins that wait for it.

mod identities;
mod log_ins;

pub(super) use identities::logs_in_upstream;
pub(crate) use identities::{UpstreamIdentity, UpstreamRoles, UpstreamUserError};
pub(crate) use log_ins::NewUpstreamLogIn;
pub(super) use log_ins::sweep_upstream;
