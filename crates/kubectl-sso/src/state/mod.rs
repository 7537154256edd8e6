//! The state directory: one file for each authority, readable by its owner only.
//!
//! A file is changed under a lock: the new content is written beside it, made durable and renamed
//! over it. So a reader gets the old or the new content, and a process that dies changes nothing.

mod directory;
mod error;
mod home;
#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

pub(crate) use directory::{StateDirectory, StateLock};
pub(crate) use error::StateError;
pub(crate) use home::state_home;

#[cfg(not(unix))]
use portable::PrivateDirectory;
#[cfg(unix)]
use unix::PrivateDirectory;
