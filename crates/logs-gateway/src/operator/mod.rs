//! The operator's helper: the binary as a command on the machine of whoever runs kubectl.
//!
//! [`login()`] begins a session at the authority and keeps it; [`kube_token()`] is kubectl's exec
//! plugin, which gives out the session's token and renews it. Nothing here serves, and nothing of
//! the gateway's configuration is read.

mod answer;
mod authority;
mod exec_credential;
mod failure;
mod kept;
mod kube_token;
mod login;
mod prompt;
mod session;
mod sso_url;
mod state;

pub(crate) use failure::Failure;
pub(crate) use kube_token::kube_token;
pub(crate) use login::{LogIn, login};
pub(crate) use sso_url::SsoUrl;
