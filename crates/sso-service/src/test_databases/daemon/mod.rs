//! Server processes, as the tests with both services start them.

#[path = "../../../../../tests/harness/databases/daemon/account.rs"]
#[expect(dead_code, reason = "here a server is ended only with this process")]
mod account;
#[path = "../../../../../tests/harness/databases/daemon/directory.rs"]
mod directory;
#[path = "../../../../../tests/harness/databases/daemon/spawner.rs"]
mod spawner;

pub(super) use account::{Account, LastSignal};
pub(super) use directory::ServerDirectory;
pub(super) use spawner::spawn;
