//! The commands of the plugin, a file each.

mod kubeconfig;
mod login;
mod logout;
mod status;
mod token;

pub(crate) use kubeconfig::{GatewayUrl, Kubeconfig, kubeconfig};
pub(crate) use login::{LogIn, LogInMethod, login};
pub(crate) use logout::logout;
pub(crate) use status::status;
pub(crate) use token::token;
