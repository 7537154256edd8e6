//! SQLite: one file, one process that serves, one thread that writes.

mod files;
mod lock;
mod open;
mod writer;

pub(super) use files::DatabaseFiles;
pub(super) use lock::check_path;
pub(crate) use lock::{InstanceLock, LockError};
pub(super) use open::{connect, options, readers};
pub(super) use writer::{StartWriterError, start};
