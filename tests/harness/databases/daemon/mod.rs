//! Server processes: how they are started, signalled and ended.

mod account;
mod certificate;
mod directory;
mod process_tree;
mod server;
mod spawner;
mod tool;

pub(super) use account::{Account, LastSignal, own};
pub(super) use certificate::{CA, CERTIFICATE, KEY, install_certificate};
pub(super) use directory::ServerDirectory;
pub(super) use server::Daemon;
pub(super) use tool::{Tool, blocking, require};
