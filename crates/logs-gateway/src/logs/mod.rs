//! Pod logs: how they are named, stored, written, joined to lines and picked.
//!
//! Knows no HTTP and no users.

pub(crate) mod cursor;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod format;
pub(crate) mod gzip;
pub(crate) mod head;
pub(crate) mod kubelet;
pub(crate) mod logical;
pub(crate) mod merge;
pub(crate) mod pace;
pub(crate) mod physical;
pub(crate) mod query;
pub(crate) mod render;
mod sample;
pub(crate) mod span;
pub(crate) mod tail;
pub(crate) mod target;
