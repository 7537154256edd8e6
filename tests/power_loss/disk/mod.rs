//! What a disk holds after a power cut.
//!
//! A change reaches the disk when its file is synced; until then any part of it may have reached
//! it, in any order, in sectors of 512 bytes. A name reaches the disk when its directory is synced.
//! A failed sync leaves on the disk what had reached it: the kernel counts the rest as written, so
//! that a further sync succeeds without it.

mod contents;
mod directory;
mod log;
mod survival;

pub(crate) use directory::{Disk, DiskKind, Replayed};
pub(crate) use survival::Survival;
