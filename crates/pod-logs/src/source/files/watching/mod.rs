//! Tasks in the background that watch directories for readers.

pub(crate) mod directory_watch;
pub(crate) mod task_readers;
