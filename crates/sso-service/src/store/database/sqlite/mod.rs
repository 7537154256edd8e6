//! SQLite: one file, one process that serves, one thread that writes.

mod checkpoint;
mod failed_sync;
mod files;
mod lock;
mod open;
mod writer;

pub(in crate::store) use failed_sync::FailedSync;
pub(super) use files::DatabaseFiles;
pub(in crate::store) use files::sync_directory_of;
pub(super) use lock::check_path;
pub(crate) use lock::{InstanceLock, LockError};
pub(super) use open::{connect, connect_to_moved, moved_to, options, readers};
pub(super) use writer::{StartWriterError, start};
