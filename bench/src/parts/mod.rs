//! What can be measured: a file for each part.

pub(crate) mod connections;
pub(crate) mod download;
pub(crate) mod flood;
pub(crate) mod followers;
pub(crate) mod kubernetes;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod slow_reader;
pub(crate) mod tail;
